import Diagnostics
import GroupLink
import Requests
import Testing

@testable import GroupLauncher

struct GroupLifecycleTests {
    private let hellos = (0..<2).map {
        RankHello(rank: $0, worldSize: 2, role: .decoder, host: "h", pid: 10 + Int32($0))
    }

    private func forming() -> GroupLifecycle { GroupLifecycle(worldSize: 2, limits: .init(), now: .zero) }

    private func working() -> GroupLifecycle {
        var life = forming()
        for hello in hellos { _ = life.handle(.joined(hello), now: .zero) }
        return life
    }

    private func error(_ life: GroupLifecycle, _ lines: [String] = []) -> (any OperatorError)? { life.error?(lines) }

    @Test func aGroupFormsWorksAndFinishes() {
        var life = forming()
        #expect(life.handle(.joined(hellos[1]), now: .zero) == [.announceJoined(hellos[1])])
        #expect(life.handle(.joined(hellos[0]), now: .zero) == [.announceJoined(hellos[0]), .announceFormed(hellos)])
        #expect(life.deadline == .seconds(300))
        for rank in 0..<2 { #expect(life.handle(.started(rank: rank, .stage(.ready)), now: .zero) == []) }
        #expect(life.deadline == nil)
        #expect(life.handle(.finish, now: .zero) == [.tellShutdown])
        #expect(life.handle(.closed(rank: 0, .goodbye), now: .zero) == [])
        #expect(life.handle(.closed(rank: 1, .lost("reset")), now: .zero) == [])
        #expect(life.handle(.launcherEnded(.exited(0)), now: .zero) == [.terminate, .announceEnd])
        #expect(error(life) == nil)
    }

    @Test func whatDoesNotFinishIsTerminatedAndThenKilled() {
        var life = working()
        _ = life.handle(.finish, now: .zero)
        #expect(life.deadline == .seconds(5))
        #expect(life.handle(.deadline, now: .seconds(5)) == [.terminate])
        #expect(life.handle(.deadline, now: .seconds(6)) == [.killLauncher])
        #expect(life.handle(.launcherEnded(.signalled(9)), now: .seconds(7)) == [.announceEnd])
        #expect(error(life) == nil)
    }

    @Test func aRanksOwnWordsAreTheErrorAtOnce() {
        var life = working()
        _ = life.handle(.closed(rank: 0, .lost("reset")), now: .zero)
        #expect(life.phase == .diagnosing)
        let failure = RankFailure(.ofRank, exitCode: 4, message: "broken")
        #expect(life.handle(.failed(rank: 1, failure), now: .zero) == [.terminate])
        _ = life.handle(.failed(rank: 0, RankFailure(.ofRank, exitCode: 5, message: "later")), now: .zero)
        #expect(error(life) as? RankFailedError == RankFailedError(rank: hellos[1], failure: failure))
        #expect(error(life)?.exitCode == .checkpoint)
    }

    @Test func theLaunchersWordComesBeforeTheLinks() {
        var life = working()
        #expect(life.handle(.closed(rank: 0, .lost("reset")), now: .zero) == [])
        #expect(
            life.handle(.failed(rank: 0, RankFailure(.ofRank, exitCode: 7, message: "MPI failed")), now: .zero) == []
        )
        #expect(life.handle(.deadline, now: .seconds(2)) == [.terminate])
        let line = "mpirun noticed that process rank 1 with PID 0 on node h exited on signal 11 (Segmentation fault)."
        #expect(
            error(life, [line])?.description == "lost rank 1 (decoder) on host h, pid 11: "
                + "killed by signal 11 (Segmentation fault)"
        )
        #expect(error(life)?.description == "MPI failed")
        #expect(error(life, [line])?.exitCode == .rankLost)
    }

    @Test func withoutBetterNewsTheLinkIsTheCause() {
        var life = working()
        _ = life.handle(.closed(rank: 1, .lost("reset")), now: .zero)
        _ = life.handle(.closed(rank: 0, .lost("reset")), now: .zero)
        _ = life.handle(.deadline, now: .seconds(2))
        #expect(error(life)?.description == "lost rank 1 (decoder) on host h, pid 11: its link broke off (reset)")
    }

    @Test func aLinkThatBrokeWithTheLauncherIsNoCauseWhileTheGroupForms() {
        var life = forming()
        _ = life.handle(.joined(hellos[0]), now: .zero)
        #expect(life.handle(.closed(rank: 0, .lost("reset")), now: .zero) == [])
        #expect(life.handle(.launcherEnded(.exited(42)), now: .zero) == [])
        _ = life.handle(.deadline, now: .seconds(2))
        let start = "the group ended before it was complete: "
        #expect(
            error(life, ["out of luck"])?.description
                == start + "mpirun exited with status 42 before rank 1 said hello: out of luck"
        )
        let lines = ["  Process name: [[1,1],1]", "  Exit code:    42"]
        #expect(error(life, lines)?.description.hasPrefix(start + "rank 1: exited with status 42") == true)
    }

    @Test func aSilentRankIsLost() {
        var life = working()
        #expect(life.handle(.silent(rank: 1, .seconds(4)), now: .zero) == [.terminate])
        #expect(error(life)?.description == "lost rank 1 (decoder) on host h, pid 11: silent for 4 s")
    }

    @Test func whoWasSilentIsNotWaitedForLong() {
        var life = working()
        _ = life.handle(.silent(rank: 1, .seconds(4)), now: .zero)
        #expect(life.deadline == GroupSpec.Limits().terminatingSilent)
        #expect(life.handle(.deadline, now: .milliseconds(300)) == [.killLauncher])
        #expect(life.handle(.launcherEnded(.signalled(9)), now: .milliseconds(310)) == [.announceEnd])
    }

    @Test func anMpirunThatIsKilledIsNamed() {
        var life = working()
        #expect(life.handle(.launcherEnded(.signalled(9)), now: .zero) == [])
        _ = life.handle(.closed(rank: 1, .lost("reset")), now: .zero)
        #expect(life.handle(.deadline, now: .seconds(1)) == [.terminate, .announceEnd])
        #expect(error(life)?.description == "lost the whole group: mpirun killed by signal 9 (Killed)")
    }

    @Test func aGroupThatNeverFormsIsALaunchError() {
        var life = forming()
        _ = life.handle(.joined(hellos[0]), now: .zero)
        #expect(life.deadline == .seconds(60))
        #expect(life.handle(.deadline, now: .seconds(60)) == [.terminate])
        #expect(error(life)?.description == "no hello from rank 1 of 2 within 60 s")
        #expect(error(life)?.exitCode == .launchFailed)
    }

    @Test func anMpirunThatEndsTooEarlyIsALaunchErrorInItsOwnWords() {
        var life = forming()
        _ = life.handle(.launcherEnded(.exited(1)), now: .zero)
        #expect(life.handle(.deadline, now: .seconds(1)) == [.terminate, .announceEnd])
        #expect(
            error(life, ["bad host"])?.description
                == "the group ended before it was complete: mpirun exited with status 1: bad host"
        )
    }

    @Test func aRankOfAnotherWorldIsALaunchError() {
        var life = forming()
        #expect(life.handle(.misfit("it sees 1 ranks where 2 were asked for"), now: .zero) == [.terminate])
        #expect(error(life)?.exitCode == .launchFailed)
    }

    @Test func finishingBeforeTheGroupIsCompleteEndsIt() {
        var life = forming()
        #expect(life.handle(.finish, now: .zero) == [.terminate])
        #expect(life.handle(.kill, now: .zero) == [])
        #expect(life.handle(.launcherEnded(.exited(1)), now: .zero) == [.announceEnd])
        #expect(error(life) == nil)
    }

    @Test("A group of two builds ends before it works, and the odd host is named")
    func builds() {
        let members = ["a", "b", "b"].enumerated().map { rank, build in
            RankHello(rank: rank, worldSize: 3, role: .decoder, build: build, host: "n\(rank)")
        }
        var life = GroupLifecycle(worldSize: 3, limits: .init(), now: .zero)
        for member in members[..<2] { #expect(life.handle(.joined(member), now: .zero) == [.announceJoined(member)]) }
        #expect(life.handle(.joined(members[2]), now: .zero) == [.announceJoined(members[2]), .terminate])
        _ = life.handle(.launcherEnded(.exited(7)), now: .zero)
        let error = life.error?([])
        #expect(error?.description == "host n0 runs another build of flotilla (a) than host n1 (b)")
        #expect(error?.exitCode == .ranksDisagree)
    }
}
