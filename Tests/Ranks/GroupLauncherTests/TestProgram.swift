import Foundation
import GroupLink
import TestSupport

@testable import GroupLauncher

/// The executable that the tests have `mpirun` start, beside this test's own.
enum TestProgram {
    static let path: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("LinkTestRank").path
    }()

    /// A group that is lost for no other reason than what a test does to it, however busy the machine is: mpirun takes its time to
    /// say what it has seen, and ranks to answer.
    static func spec(_ ranks: Int = 3, _ options: [String] = []) -> GroupSpec {
        var spec = GroupSpec(
            decoderRanks: ranks - 1,
            visionRanks: 1,
            executable: path,
            rankArguments: ["rank"] + options
        )
        spec.limits.silence = .seconds(Watchdog.seconds)
        spec.limits.diagnosing = .seconds(Watchdog.seconds)
        spec.limits.forming = .seconds(Watchdog.seconds)
        return spec
    }

    /// What groups of this process left in memory.
    static var leftovers: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
        return names.filter { $0.hasPrefix("flotilla-") && $0.contains("-\(getpid())-") }
    }

    /// Whether the process runs: one that has ended and waits for its parent to ask does not.
    static func isRunning(_ pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ")").last.map { !$0.hasPrefix(" Z") } ?? false
    }

    /// The ones of `pids` that still run at the end of `limit`.
    static func survivors(_ pids: [Int32], within limit: Duration) -> [Int32] {
        let deadline = MonotonicClock.now + limit
        while pids.contains(where: isRunning), MonotonicClock.now < deadline { usleep(20_000) }
        return pids.filter(isRunning)
    }
}

extension RankGroup {
    /// The end; everything before it is passed over.
    func nextEnd() -> GroupEnd? {
        let deadline = MonotonicClock.now + .seconds(Watchdog.seconds)
        while MonotonicClock.now < deadline {
            if case .ended(let end) = nextEvent(within: deadline - MonotonicClock.now) { return end }
        }
        return nil
    }
}
