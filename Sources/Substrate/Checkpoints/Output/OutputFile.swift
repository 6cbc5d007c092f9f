import Diagnostics
import Foundation

/// A file that is written at given places, by several threads.
///
/// Safe to share: the descriptor does not change, and `pwrite` of separate ranges is atomic in the kernel.
final class OutputFile: Sendable {
    private let descriptor: Int32
    private let path: String

    init(_ url: URL) throws(UsageError) {
        path = url.path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(UsageError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + written))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            written += count
        }
    }

    /// Makes the file so long; what was never written reads as zeros.
    func extend(to bytes: Int) throws(UsageError) {
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw Self.failure(path) }
    }

    /// Returns when the disk has it all.
    func synchronize() throws(UsageError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    }

    /// Writes a whole file, and returns when the disk has it.
    static func write(_ data: Data, to url: URL) throws(UsageError) {
        let file = try OutputFile(url)
        let result = data.withUnsafeBytes { bytes in
            Result { () throws(UsageError) in try file.write(bytes, at: 0) }
        }
        try result.get()
        try file.synchronize()
    }

    /// Returns when the disk has the names of the files in `directory`.
    static func synchronize(directory: URL) throws(UsageError) {
        let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(directory.path) }
        defer { close(descriptor) }
        // Some network file systems have no such operation for directories.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(directory.path) }
    }

    static let fullDiskHint = "make room, or give a directory on another disk with --out"

    /// The sentence for a failed system call.
    ///
    /// - Parameters:
    ///   - code: the system's number for the cause.
    ///   - otherwise: the cause where there is no such number.
    static func failure(_ path: String, _ code: Int32? = errno, _ otherwise: String = "") -> UsageError {
        let isFull = code == ENOSPC || code == EDQUOT
        let cause = isFull ? "its disk is full" : code.map { String(cString: strerror($0)) } ?? otherwise
        return UsageError("\(path) cannot be written: \(cause)", hint: isFull ? fullDiskHint : nil)
    }
}
