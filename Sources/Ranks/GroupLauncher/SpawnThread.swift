import CProcess
import Foundation
import GroupLink

/// The one thread that starts child processes, and never ends.
///
/// The kernel ties a child's death signal to the *thread* that started it: a child of a thread that ends is told to end
/// too, however well the process is.
final class SpawnThread: Sendable {
    static let shared = SpawnThread()
    private let work = EventQueue<@Sendable () -> Void>()

    private init() {
        let thread = Thread { [work] in
            while true { work.next()?() }
        }
        thread.name = "spawn"
        thread.start()
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
        let answer = EventQueue<Result<Child, Errno>>()
        work.push { answer.push(Self.start(path, arguments, environment)) }
        return answer.next() ?? .failure(Errno(code: ECHILD))
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
