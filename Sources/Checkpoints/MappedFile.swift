import Foundation

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

    init(_ url: URL) throws(CheckpointError) {
        name = url.lastPathComponent
        // Without O_NONBLOCK a named pipe in the place of a file would hang here.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT {
                throw .fileMissing(file: name, directory: url.deletingLastPathComponent().path)
            }
            throw .unreadable(file: name, reason: Self.reason(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: name, reason: Self.reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: name, reason: "not a regular file") }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .unreadable(file: name, reason: Self.reason(errno))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    /// What a caller is going to do with a part of the file.
    enum Advice {
        /// Read it soon: the kernel starts reading ahead.
        case willNeed
        /// Not read it again: the pages leave this process, though not the page cache.
        case release
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
        _ = madvise(start, end - first, advice == .release ? MADV_DONTNEED : MADV_WILLNEED)
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
        do {
            let value = try JSONParser.parse(bytes)
            if let object = value.object { return object }
            throw JSONParser.Failure(reason: "expected an object, found \(value.summary)", offset: 0)
        } catch let failure as JSONParser.Failure {
            throw .notJSON(file: name, reason: failure.reason, offset: failure.offset)
        } catch {
            throw .notJSON(file: name, reason: "\(error)", offset: 0)
        }
    }
}
