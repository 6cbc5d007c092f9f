package import Diagnostics
internal import Foundation

/// The system does not let this process keep its weights in memory (`--weights lock`).
package struct MemoryLockError: OperatorError, Equatable {
    package let description: String

    /// - Parameter code: the system's error number.
    init(file: String, bytes: Int, _ code: Int32) {
        let mebibytes = String(format: "%.1f", Double(bytes) / 1_048_576)
        description = "\(mebibytes) MiB of \(file) cannot be locked in memory: \(String(cString: strerror(code)))"
    }

    package var hint: String? {
        "allow it with ulimit -l unlimited (systemd: LimitMEMLOCK=infinity), or use --weights copy"
    }
    package var exitCode: ExitCode { .outOfMemory }
}
