import Foundation
import TestSupport
import Testing

/// A test run that is killed leaves nothing behind: this starts one of its own, with a server, and kills it.
@Suite("A killed test run", .serialized, .ownThread)
struct KilledTestRunTests {
    private static let variable = "FLOTILLA_TEST_VICTIM"
    private static let file = ProcessInfo.processInfo.environment[variable]

    @Test("its server, mpirun and ranks end with it")
    func leavesNothing() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pids = directory.appendingPathComponent("pids")
            let run = try ChildProcess(
                CommandLine.arguments[0],
                ["--testing-library", "swift-testing", "--filter", "KilledTestRunTests/victim"],
                environment: [Self.variable: pids.path]
            )
            #expect(Poll.until { FileManager.default.fileExists(atPath: pids.path) || !run.isRunning })
            let started = try String(contentsOf: pids, encoding: .utf8).split(separator: " ").compactMap { Int32($0) }
            #expect(started.count == 4 && started.allSatisfy(Self.isRunning))
            kill(run.processIdentifier, SIGKILL)
            run.waitUntilExit()
            #expect(Poll.until { !started.contains(where: Self.isRunning) }, "\(started.filter(Self.isRunning))")
        }
    }

    /// The run that is killed: a server with a group, for ever.
    @Test("the victim", .enabled(if: file != nil))
    func victim() throws {
        let file = URL(fileURLWithPath: try #require(Self.file))
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--decoder-ranks", "2"], in: directory)
            let pids = [server.running.process.processIdentifier] + (try server.ranks().values)
            try pids.map { "\($0)" }.joined(separator: " ").write(to: file, atomically: true, encoding: .utf8)
            while true { sleep(1000) }
        }
    }

    /// One that has ended and waits for its parent to ask does not run.
    private static func isRunning(_ pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ")").last.map { !$0.hasPrefix(" Z") } ?? false
    }
}
