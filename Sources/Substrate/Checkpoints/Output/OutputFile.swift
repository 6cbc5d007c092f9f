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

    private static func failure(_ path: String) -> UsageError {
        UsageError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
