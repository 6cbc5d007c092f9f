import COpenMPI
import Diagnostics
import Foundation
import GroupLauncher
import GroupLink
import Requests

/// A rank without a model, that obeys the launcher's tests; and a process in front, for them to kill.
///
/// ```
/// LinkTestRank rank [mpi] [fail=RANK:CODE] [exit=RANK:CODE] [build=RANK:NUMBER] [stall=RANK:PLACE] [deaf] [ignore-shutdown]
/// LinkTestRank front RANKS [mpi]      prints the pids of mpirun and the ranks, once all have said hello
///                                     and at the end the group's error; LINKTEST_HOSTFILE names its hostfile
/// ```
@main
struct LinkTestRank {
    static func main() throws {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "rank": try TestRank(options: Set(arguments.dropFirst(2))).run()
        case "front": try front(ranks: Int(arguments[2]) ?? 1, rankOptions: Array(arguments.dropFirst(3)))
        default: exit(2)
        }
    }

    private static func front(ranks: Int, rankOptions: [String]) throws {
        var spec = GroupSpec(
            decoderRanks: ranks,
            visionRanks: 0,
            executable: CommandLine.arguments[0],
            rankArguments: ["rank"] + rankOptions
        )
        spec.hostfile = ProcessInfo.processInfo.environment["LINKTEST_HOSTFILE"]
        let group = try RankGroup.start(spec)
        let interruption = EventQueue<Int32>()
        SignalWatch.start([SIGINT, SIGTERM]) { signal in
            interruption.push(signal)
            group.finish()
        }
        let pids = [(group.launcherPid ?? 0)] + (try group.waitUntilFormed()).map(\.pid)
        print(pids.map(String.init).joined(separator: " "))
        fflush(nil)
        while true {
            guard case .ended(let end) = group.nextEvent() else { continue }
            if let signal = interruption.poll() { SignalWatch.endProcess(by: signal) }
            print(end.error?.report ?? "finished")
            exit(end.error?.exitCode.rawValue ?? 0)
        }
    }
}
