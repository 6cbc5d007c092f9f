import CTestProcess
package import Foundation
import GroupLauncher

/// A program that a test starts, and that does not outlive the test run, however that ends.
///
/// The kernel sends it a signal when the *thread* that started it ends, so the one thread that never ends starts them all.
/// Foundation's `Process` has no such thing.
package final class ChildProcess: @unchecked Sendable {
    // Safe because the status is only touched under the lock.
    package let processIdentifier: Int32
    private let lock = NSLock()
    private var status: Int32?

    /// Where a stream of the child comes from or goes to; a file that is not there is made.
    package enum Stream: Sendable {
        case null
        case file(URL)
        var path: String {
            switch self {
            case .null: "/dev/null"
            case .file(let url): url.path
            }
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts `executable`, which is found in PATH if it has no slash.
    ///
    /// - Parameters:
    ///   - environment: added to this process's own.
    ///   - deathSignal: what the child gets when this process ends: `SIGTERM` for programs that have children of their own to
    ///     end, such as mpirun.
    package init(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        in directory: URL? = nil,
        output: Stream = .null,
        errors: Stream = .null,
        deathSignal: Int32 = SIGKILL
    ) throws {
        TestRun.prepare()
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let files = (directory?.path, output.path, errors.path)
        processIdentifier = try SpawnThread.shared.run {
            Result { try Self.spawn([executable] + arguments, variables, files, deathSignal) }
        }
        .get()
    }

    deinit { if isRunning { kill(processIdentifier, SIGKILL) } }

    package var isRunning: Bool { poll(WNOHANG) == nil }

    /// Whether a signal ended it; only after its end.
    package var wasSignalled: Bool { (poll(WNOHANG) ?? 0) & 0x7f != 0 }

    /// The exit status or, if it was signalled, the signal.
    package var terminationStatus: Int32 {
        let status = poll(WNOHANG) ?? 0
        return status & 0x7f != 0 ? status & 0x7f : (status >> 8) & 0xff
    }

    package func terminate() { kill(processIdentifier, SIGTERM) }

    /// Waits for its end; kills it when the watchdog's time is over.
    package func waitUntilExit() {
        if !Poll.until({ !isRunning }) { kill(processIdentifier, SIGKILL) }
        _ = poll(0)
    }

    /// The status once it has ended; asked under a lock, since a pid that was waited for is somebody else's.
    private func poll(_ options: Int32) -> Int32? {
        lock.lock()
        defer { lock.unlock() }
        if let status { return status }
        var found: Int32 = 0
        if waitpid(processIdentifier, &found, options) == processIdentifier { status = found }
        return status
    }

    /// As C wants it; on the thread that calls.
    private static func spawn(
        _ words: [String],
        _ variables: [String: String],
        _ files: (directory: String?, output: String, errors: String),
        _ deathSignal: Int32
    ) throws -> pid_t {
        var argv = words.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        let pid = ctest_spawn(&argv, &envp, files.directory, files.output, files.errors, deathSignal)
        guard pid > 0 else { throw Failure(description: "\(words): \(String(cString: strerror(errno)))") }
        return pid
    }
}
