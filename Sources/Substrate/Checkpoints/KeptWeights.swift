internal import Foundation

/// A rank's weights as it holds them, in memory of its host that outlives the rank: whoever next holds the same ones there
/// maps them, and need neither read nor repack anything.
///
/// A file in `/dev/shm`, in a directory that only this user can enter. A rank holds a lock on it as long as it lives, alone
/// while it fills it and with others later; what nobody holds is left of ranks that were killed. The last one to end in
/// order removes it, and whoever starts removes what nobody holds or wants, so that no more stays than a group had.
package final class KeptWeights: @unchecked Sendable {
    // Safe because the memory is written before it is marked as filled, and only read afterwards.

    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    /// Whether the weights are there.
    package let isFilled: Bool
    private let path: String
    private let descriptor: Int32

    /// The place of a host for memory that outlives processes.
    package static let parent = "/dev/shm"

    /// The page with the mark comes first, and the weights where huge pages begin.
    private static let offset = 2 << 20
    private static let mark: UInt64 = 0x464C_4F54_4B45_5054

    /// - Parameters:
    ///   - key: names what the weights are, in a way that no others have: letters, digits and `-`.
    ///   - byteCount: of all matrices.
    /// - Returns: `nil` where there is no such memory, or too little of it.
    package init?(key: String, byteCount: Int, in parent: String = KeptWeights.parent) {
        guard let directory = Self.directory(in: parent) else { return nil }
        path = "\(directory)/\(key)"
        self.byteCount = byteCount
        guard let descriptor = Self.open(path, isWhole: { Self.isWhole($0, byteCount) }) else { return nil }
        isFilled = Self.isWhole(descriptor, byteCount)
        let length = Self.offset + byteCount
        // Memory that turns out not to be there would end the rank by a signal, in the middle of its work.
        let isThere = isFilled || (ftruncate(descriptor, 0) == 0 && posix_fallocate(descriptor, 0, length) == 0)
        let protection = isFilled ? PROT_READ : PROT_READ | PROT_WRITE
        let mapped = isThere ? mmap(nil, length, protection, MAP_SHARED, descriptor, 0) : MAP_FAILED
        guard let mapped, mapped != MAP_FAILED else {
            if !isFilled { unlink(path) }
            close(descriptor)
            return nil
        }
        // Where the system has huge pages for such memory, and gives them to who asks.
        madvise(mapped, length, 14)
        base = mapped + Self.offset
        self.descriptor = descriptor
    }

    deinit {
        munmap(base - Self.offset, Self.offset + byteCount)
        close(descriptor)
    }

    /// The weights are there: others may hold them too.
    package func markFilled() {
        guard !isFilled else { return }
        var header = [Self.mark, UInt64(byteCount)]
        guard pwrite(descriptor, &header, 16, 0) == 16 else { return }
        mprotect(base, byteCount, PROT_READ)
        flock(descriptor, LOCK_SH)
    }

    /// Removes them, unless somebody else holds them; those who have mapped them keep them as long as they live.
    package func remove() {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
    }

    /// Removes what nobody holds, but for some.
    package static func clean(keeping keys: Set<String>, in parent: String = KeptWeights.parent) {
        let path = "\(parent)/\(name)"
        guard isOwn(path) else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where !keys.contains(name) {
            let descriptor = Glibc.open("\(path)/\(name)", O_RDWR | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(path)/\(name)") }
            close(descriptor)
        }
        // Only when it is empty.
        rmdir(path)
    }

    /// Which files a checkpoint has on this host, and since when: other weights in a file of the same shape are another edition.
    package static func edition(of checkpoint: Checkpoint) -> String {
        checkpoint.weightFiles(withInodes: true)
    }

    private static var name: String { "flotilla-weights-\(geteuid())" }

    private static func directory(in parent: String) -> String? {
        let path = "\(parent)/\(name)"
        return mkdir(path, 0o700) == 0 || isOwn(path) ? path : nil
    }

    /// Whether it is a directory that nobody else can change: `parent` is everybody's.
    private static func isOwn(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o077 == 0
    }

    private static func isWhole(_ descriptor: Int32, _ byteCount: Int) -> Bool {
        var header: [UInt64] = [0, 0]
        var status = stat()
        return pread(descriptor, &header, 16, 0) == 16 && header == [mark, UInt64(byteCount)]
            && fstat(descriptor, &status) == 0 && Int(status.st_size) == offset + byteCount
    }

    /// A locked file: with others if it is whole, else alone.
    private static func open(_ path: String, isWhole: (Int32) -> Bool) -> Int32? {
        while true {
            let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return nil }
            // Who is filling it is waited for.
            guard flock(descriptor, LOCK_SH) == 0 else {
                close(descriptor)
                return nil
            }
            var isLocked = true
            if !isWhole(descriptor) {
                // Two may have come to here at once. Who waited for the other's lock would wait as long as that one lives,
                // which fills them and keeps a lock.
                isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
                if isLocked, isWhole(descriptor) { flock(descriptor, LOCK_SH) }
            }
            var status = stat()
            if isLocked, fstat(descriptor, &status) == 0, status.st_nlink > 0 { return descriptor }
            // It was removed, or another is about to fill it.
            close(descriptor)
            if !isLocked { usleep(useconds_t.random(in: 1000...10_000)) }
        }
    }
}
