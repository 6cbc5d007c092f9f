import Foundation
internal import JSON

/// A file mapped read-only into memory.
///
/// Pages come in from the page cache when they are read. If another process shortens the file afterwards, reading
/// past its new end ends this process with SIGBUS: a checkpoint must not be changed while it is served.
///
/// Safe because the mapping is read-only, is made in `init` and undone in `deinit`, and nothing here changes between.
final class MappedFile: @unchecked Sendable {
    /// The file's name in the checkpoint's directory, for messages.
    let name: String
    let bytes: UnsafeRawBufferPointer
    /// Kept for `read`.
    private let descriptor: Int32

    init(_ url: URL) throws(CheckpointError) {
        name = url.lastPathComponent
        // Without O_NONBLOCK a named pipe in the place of a file would hang here.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        self.descriptor = descriptor
        guard descriptor >= 0 else {
            if errno == ENOENT {
                throw .fileMissing(file: name, directory: url.deletingLastPathComponent().path)
            }
            throw .unreadable(file: name, reason: Self.reason(errno))
        }
        var isOpen = false
        defer { if !isOpen { close(descriptor) } }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: name, reason: Self.reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: name, reason: "not a regular file") }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            isOpen = true
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .unreadable(file: name, reason: Self.reason(errno))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
        isOpen = true
    }

    deinit {
        close(descriptor)
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    /// What a caller is going to do with a part of the file.
    enum Advice {
        /// Read it soon: the kernel starts reading ahead.
        case willNeed
        /// Not read it again: the pages leave this process, though not the page cache.
        case release
        /// Use it soon and often: the pages are read and entered into the page tables now.
        case populate
    }

    /// Tells the kernel about the bytes `range`; never changes what they hold.
    func advise(_ advice: Advice, _ range: Range<Int>) {
        guard let base = bytes.baseAddress, !range.isEmpty else { return }
        let page = Int(getpagesize())
        var first = range.lowerBound / page * page
        var end = range.upperBound
        if advice == .release {
            // Only whole pages: the neighbours on a shared page may still be wanted.
            first = (range.lowerBound + page - 1) / page * page
            end = range.upperBound == bytes.count ? range.upperBound : range.upperBound / page * page
        }
        guard first < end else { return }
        let start = UnsafeMutableRawPointer(mutating: base + first)
        // Advice only: a failure costs time, never correctness.
        _ = madvise(start, end - first, Self.code(advice))
    }

    /// `MADV_POPULATE_READ` of Linux 5.14; an older kernel refuses it, and the pages come with their first use.
    private static let populateRead: Int32 = 22

    private static func code(_ advice: Advice) -> Int32 {
        switch advice {
        case .willNeed: MADV_WILLNEED
        case .release: MADV_DONTNEED
        case .populate: populateRead
        }
    }

    /// Keeps the pages of `range` in memory; the system's error number when it refuses.
    func lock(_ range: Range<Int>) -> Int32? {
        guard let base = bytes.baseAddress, !range.isEmpty else { return nil }
        return mlock(base + range.lowerBound, range.count) == 0 ? nil : errno
    }

    /// Reads `range` into memory of the caller's own, in any number of threads.
    func read(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws(CheckpointError) {
        var done = 0
        while done < range.count {
            let count = pread(descriptor, target + done, range.count - done, off_t(range.lowerBound + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .unreadable(file: name, reason: count < 0 ? Self.reason(errno) : "it has become shorter")
            }
            done += count
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

extension MappedFile {
    private static let pointerStart = Array("version https://git-lfs".utf8)

    /// Refuses the three lines that Git leaves in the place of a file whose content was not fetched.
    func refuseGitLFSPointer() throws(CheckpointError) {
        if bytes.count < 1024, bytes.starts(with: Self.pointerStart) { throw .gitLFSPointer(file: name) }
    }

    /// The file's JSON object.
    func jsonObject(limit: Int) throws(CheckpointError) -> [String: JSONValue] {
        try refuseGitLFSPointer()
        guard bytes.count <= limit else { throw .tooLarge(file: name, bytes: bytes.count, limit: limit) }
        let value = try json(0..<bytes.count)
        if let object = value.object { return object }
        throw .notJSON(file: name, reason: "expected an object, found \(value.summary)", offset: 0)
    }

    /// The JSON value that the bytes `range` hold; an error's offset counts from the file's start.
    func json(_ range: Range<Int>) throws(CheckpointError) -> JSONValue {
        do {
            return try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: bytes[range]))
        } catch {
            throw .notJSON(file: name, reason: error.reason, offset: range.lowerBound + error.offset)
        }
    }
}
