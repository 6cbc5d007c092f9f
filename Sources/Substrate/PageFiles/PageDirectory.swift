package import Diagnostics
internal import Foundation
package import Requests

/// The directory of one rank's pages, which no other process uses meanwhile.
///
/// `DIR/pages-IDENTITY-SLOT`, of mode 0700: pages of another model, format, share of heads or build are in another one. A
/// rank holds a lock there as long as it lives; a second group of the same kind takes the next slot.
package final class PageDirectory {
    package let shape: PageShape
    package let slot: Int
    /// Keys of the pages that are there, the least recently used first.
    package let keys: [PageKey]
    /// What lies there and is no page of ours, by name.
    package let ignored: [String]
    let path: String
    private var descriptor: Int32

    /// Slots that are tried.
    package static let slots = 16

    /// - Parameters:
    ///   - parent: a directory that is there; see ``check(_:)``.
    ///   - patience: how long a lock is waited for: a process that was killed may not be gone yet.
    /// - Returns: `nil` when another process has the slot.
    package convenience init?(
        _ shape: PageShape,
        in parent: String,
        slot: Int,
        patience: Duration = .zero
    ) throws(PageFailure) {
        let path = "\(parent)/\(Self.prefix)\(shape.name)-\(slot)"
        guard let descriptor = try Self.lock(path, patience: patience) else { return nil }
        self.init(shape, slot, path, descriptor)
    }

    private init(_ shape: PageShape, _ slot: Int, _ path: String, _ descriptor: Int32) {
        (self.shape, self.slot, self.path, self.descriptor) = (shape, slot, path, descriptor)
        let found = Self.scan(path, fileBytes: shape.fileBytes)
        (keys, ignored) = (found.keys, found.ignored)
        // Its time is when it was last used, for those who tidy up.
        utimes(path, nil)
    }

    deinit { release() }

    /// Leaves the directory to whoever comes next.
    func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    func file(_ key: PageKey) -> PageRecord { PageRecord(directory: path, shape: shape, key: key) }

    /// Removes all pages but some.
    package func keep(_ wanted: Set<PageKey>) {
        for key in keys where !wanted.contains(key) { file(key).remove() }
    }

    /// Refuses a parent in which nothing can be written.
    package static func check(_ parent: String) throws(UsageError) {
        var isDirectory: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: parent, isDirectory: &isDirectory)
        guard isThere, isDirectory.boolValue else {
            throw UsageError(
                "the directory for pages of the KV cache, \(parent), is \(isThere ? "not a directory" : "not there")",
                hint: "make it, for this user alone: mkdir -m 700 \(parent)"
            )
        }
        guard access(parent, W_OK | X_OK) == 0 else {
            throw UsageError(
                "the directory for pages of the KV cache, \(parent), cannot be written by this user",
                hint: "give another one with --kv-cache-dir"
            )
        }
    }

    /// Whether it is a directory that nobody else can look into or change.
    static func isOwn(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && isOwn(status)
    }

    private static func isOwn(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
    }

    // MARK: - Locks

    static let prefix = "pages-"
    static let lockName = "lock"

    /// A descriptor that holds the directory's lock; `nil` if another process does.
    ///
    /// Makes the directory, again and again where somebody who tidies up removes it between two calls.
    static func lock(_ path: String, patience: Duration) throws(PageFailure) -> Int32? {
        let deadline = ContinuousClock.now + patience
        while true {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw PageFailure(errno: errno) }
            var status = stat()
            if lstat(path, &status) != 0, errno == ENOENT { continue }
            guard isOwn(status) else { throw .foreign }
            let descriptor = open("\(path)/\(lockName)", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else { throw PageFailure(errno: errno) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return descriptor }
                close(descriptor)
                continue
            }
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw PageFailure(errno: code) }
            if ContinuousClock.now >= deadline { return nil }
            usleep(20_000)
        }
    }

    // MARK: - What is there

    /// Pages by when they were used, and what else lies there; what a killed rank had begun, or a power cut left of a page,
    /// is removed.
    private static func scan(_ path: String, fileBytes: Int) -> (keys: [PageKey], ignored: [String]) {
        var found: [(key: PageKey, time: timespec)] = []
        var ignored: [String] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where name != lockName {
            if name.hasSuffix(PageRecord.unfinishedSuffix) {
                unlink("\(path)/\(name)")
                continue
            }
            var status = stat()
            guard name.hasSuffix(PageRecord.suffix), let key = PageKey(name: name.dropLast(PageRecord.suffix.count)),
                lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
            else {
                ignored.append(name)
                continue
            }
            if Int(status.st_size) == fileBytes {
                found.append((key, status.st_mtim))
            } else {
                ignored.append(name)
                unlink("\(path)/\(name)")
            }
        }
        found.sort { ($0.time.tv_sec, $0.time.tv_nsec, $0.key.high) < ($1.time.tv_sec, $1.time.tv_nsec, $1.key.high) }
        return (found.map(\.key), ignored.sorted())
    }
}
