import CProcess
import Foundation
import GroupLink

/// The one thread that starts child processes, and never ends.
///
/// The kernel ties a child's death signal to the *thread* that started it: a child of a thread that ends is told to end
/// too, however well the process is.
package final class SpawnThread: Sendable {
    package static let shared = SpawnThread()
    private let work = EventQueue<@Sendable () -> Void>()

    private init() {
        let thread = Thread { [work] in
            while true { work.next()?() }
        }
        thread.name = "spawn"
        thread.start()
    }

    /// Runs `body` on the thread, and waits for what it returns.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        let answer = EventQueue<Value>()
        work.push { answer.push(body()) }
        guard let value = answer.next() else { preconditionFailure("unreachable: a queue without a limit answers") }
        return value
    }

    /// A child's pid, and the reading end of its standard output and error.
    struct Child: Sendable {
        let pid: pid_t
        let output: Int32
    }

    /// Starts `path` in a process group of its own; it gets SIGTERM when this process ends, however that happens.
    ///
    /// Returns `errno` on failure.
    func spawn(_ path: String, _ arguments: [String], _ environment: [String: String]) -> Result<Child, Errno> {
        run { Self.start(path, arguments, environment) }
    }

    struct Errno: Error { let code: Int32 }

    private static func start(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String]
    ) -> Result<Child, Errno> {
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var output: Int32 = -1
        let pid = cprocess_spawn(path, &argv, &envp, SIGTERM, &output)
        return pid < 0 ? .failure(Errno(code: errno)) : .success(Child(pid: pid, output: output))
    }
}
