import Diagnostics
import GroupLink
import Requests
import TestSupport
import Testing

@testable import GroupLauncher

/// What a start may take, and what is said when it takes longer.
struct StartWatchTests {
    private let members = Dictionary(
        uniqueKeysWithValues: (0..<3).map { rank in
            var hello = RankHello(rank: rank, worldSize: 3, role: .decoder, host: "n\(rank + 1)", pid: 7)
            hello.address = "10.0.0.\(rank + 1)"
            return (rank, hello)
        }
    )

    private func started() -> StartWatch { StartWatch(ranks: 3, limits: .init(), now: .zero) }

    private func all(_ watch: inout StartWatch, _ news: StartWatch.News, at now: Duration) {
        for rank in 0..<3 { watch.note(news, of: rank, now: now) }
    }

    @Test("The limits follow each other, and count from when nobody has an excuse")
    func limits() {
        var watch = started()
        #expect(watch.deadline == .seconds(300))
        watch.note(.stage(.initialising), of: 0, now: .seconds(10))
        #expect(watch.deadline == .seconds(300), "a rank that opens the checkpoint excuses those in MPI_Init")
        all(&watch, .stage(.initialising), at: .seconds(200))
        #expect(watch.deadline == .seconds(260))
        #expect(watch.isMeeting)
        all(&watch, .met([]), at: .seconds(220))
        #expect(watch.deadline == .seconds(250))
        watch.note(.met([0, 2]), of: 1, now: .seconds(249))
        #expect(watch.deadline == .seconds(250), "one that has met all does not help those that have not")
        all(&watch, .stage(.loading), at: .seconds(249))
        #expect(watch.deadline == .seconds(549))
        #expect(!watch.isMeeting)
        all(&watch, .progress(done: 1, total: 2), at: .seconds(500))
        watch.note(.stage(.ready), of: 0, now: .seconds(501))
        watch.note(.progress(done: 2, total: 2), of: 1, now: .seconds(700))
        #expect(watch.deadline == .seconds(800), "from the last news of the slowest")
        all(&watch, .stage(.ready), at: .seconds(701))
        #expect(watch.deadline == nil)
        #expect(watch.failure(now: .seconds(9999)) == nil)
    }

    @Test("Two ranks that cannot reach each other are named with hosts and addresses, whoever is deaf")
    func strangers() {
        var watch = started()
        all(&watch, .stage(.initialising), at: .zero)
        all(&watch, .met([]), at: .zero)
        watch.note(.met([1]), of: 0, now: .zero)
        watch.note(.met([0, 2]), of: 1, now: .zero)
        watch.note(.stage(.loading), of: 1, now: .zero)
        watch.note(.met([0, 1]), of: 2, now: .zero)
        #expect(watch.failure(now: .seconds(29)) == nil)
        let error = watch.failure(now: .seconds(30))?.error(members)
        #expect(
            error?.description
                == "rank 0 on n1 (10.0.0.1) and rank 2 on n3 (10.0.0.3) cannot reach each other within 30 s"
        )
        #expect(error?.hint?.contains("btl_tcp_if_include") == true)
        #expect(error?.exitCode == .launchFailed)
    }

    @Test("A rank that stays in MPI_Init, or loads nothing, is named")
    func hangs() {
        var watch = started()
        watch.note(.stage(.initialising), of: 0, now: .seconds(5))
        watch.note(.stage(.initialising), of: 2, now: .seconds(5))
        #expect(
            watch.failure(now: .seconds(300))?.error(members).description
                == "rank 1 on n2 (10.0.0.2) has not opened the checkpoint within 300 s"
        )
        watch.note(.stage(.initialising), of: 1, now: .seconds(6))
        watch.note(.met([]), of: 1, now: .seconds(7))
        #expect(
            watch.failure(now: .seconds(66))?.error(members).description
                == "rank 0 on n1 (10.0.0.1) and rank 2 on n3 (10.0.0.3) did not come out of MPI_Init within 60 s"
        )
        all(&watch, .stage(.loading), at: .seconds(10))
        watch.note(.progress(done: 3, total: 28), of: 1, now: .seconds(20))
        for rank in [0, 2] { watch.note(.progress(done: 4, total: 28), of: rank, now: .seconds(21)) }
        let error = watch.failure(now: .seconds(320))?.error(members)
        #expect(
            error?.description
                == "rank 1 on n2 (10.0.0.2) has loaded nothing more within 300 s: 3 of 28 parts are there"
        )
    }

    @Test("Of many pairs a few are shown")
    func manyPairs() {
        let pairs = (1...5).map { StartFailure.Pair(0, $0) }
        let error = StartFailure.strangers(pairs, .milliseconds(1500)).error([:])
        #expect(
            error.description == "rank 0 and rank 1, rank 0 and rank 2, rank 0 and rank 3, and 2 more pairs, "
                + "cannot reach each other within 1.5 s"
        )
    }

    @Test("The end of a group whose ranks were meeting is a failed launch, unless a rank was killed")
    func endWhileMeeting() {
        var life = GroupLifecycle(worldSize: 3, limits: .init(), now: .zero)
        for member in members.values { _ = life.handle(.joined(member), now: .zero) }
        for rank in 0..<3 {
            _ = life.handle(.started(rank: rank, .met((0..<3).filter { $0 != 2 && rank != 2 })), now: .zero)
        }
        _ = life.handle(.launcherEnded(.exited(1)), now: .zero)
        _ = life.handle(.deadline, now: .seconds(1))
        let said = ["-------------------------", "No route to host.", "-------------------------"]
        let error = life.error?(said)
        #expect(
            error?.description == "rank 0 on n1 (10.0.0.1) and rank 2 on n3 (10.0.0.3), rank 1 on n2 (10.0.0.2) "
                + "and rank 2 on n3 (10.0.0.3) cannot reach each other: No route to host"
        )
        #expect(error?.exitCode == .launchFailed)
        let place = "[[1,1],2][../btl_tcp_endpoint.c:793:mca_btl_tcp_endpoint_start_connect]"
        let pair = life.error?(
            [place + " from n3 to: n1 Unable to connect to the peer 10.0.0.1 on port 1025: No route to host"]
        )
        #expect(pair?.description == "host n3 cannot reach host n1 (10.0.0.1): No route to host")
        #expect(pair?.exitCode == .launchFailed)
        let killed = ["mpirun noticed that process rank 1 with PID 0 on node n2 exited on signal 9 (Killed)."]
        #expect(life.error?(killed).exitCode == .rankLost)
    }

    @Test("A deadline that passes ends the group with the launch's error")
    func lifecycle() {
        var life = GroupLifecycle(worldSize: 3, limits: .init(), hasLauncher: false, now: .zero)
        for member in members.values { _ = life.handle(.joined(member), now: .zero) }
        for rank in 0..<3 { _ = life.handle(.started(rank: rank, .stage(.initialising)), now: .seconds(1)) }
        #expect(life.deadline == .seconds(61))
        #expect(life.handle(.deadline, now: .seconds(60)) == [], "a timer that is early does nothing")
        #expect(life.handle(.deadline, now: .seconds(61)) == [.terminate, .announceEnd])
        #expect(life.error?([]).exitCode == .launchFailed)
    }

    @Test("Whatever comes in whatever order: a start that is not over has an end, and nobody goes back")
    func storm() {
        var random = SeededRandom(seed: 13)
        for _ in 0..<150 {
            let count = Int.random(in: 1...5, using: &random)
            var watch = StartWatch(ranks: count, limits: .init(), now: .zero)
            var now = Duration.zero
            var ready: Set<Int> = []
            for _ in 0..<60 {
                now += .seconds(Int.random(in: 0...40, using: &random))
                let rank = Int.random(in: -1...count, using: &random)
                let others = (-1...count).filter { _ in Bool.random(using: &random) }
                let news: StartWatch.News =
                    switch Int.random(in: 0...3, using: &random) {
                    case 0: .stage(StartStage.allCases.randomElement(using: &random) ?? .opening)
                    case 1: .met(others)
                    case 2: .progress(done: 1, total: 9)
                    default: .stage(.ready)
                    }
                let before = watch.deadline
                watch.note(news, of: rank, now: now)
                if news == .stage(.ready), (0..<count).contains(rank) { ready.insert(rank) }
                #expect((watch.deadline == nil) == (ready.count == count))
                #expect(before != nil || watch.deadline == nil)
                if let deadline = watch.deadline {
                    #expect(watch.failure(now: deadline - .nanoseconds(1)) == nil)
                    #expect(watch.failure(now: deadline)?.error(members).exitCode == .launchFailed)
                    #expect(deadline <= now + .seconds(300))
                }
                if watch.isMeeting, case .strangers(let pairs, _) = watch.failure(now: .seconds(1_000_000)) {
                    #expect(!pairs.isEmpty || count == 1)
                }
            }
        }
    }

    @Test func limitsAreReadFromTheEnvironment() throws {
        let limits = try GroupSpec.Limits(["FLOTILLA_START_LIMITS": "hello=5,mpi=6,handshake=2.5,load=7,silence=60"])
        #expect(limits.initialising == .seconds(6) && limits.silence == .seconds(60))
        #expect(limits.forming == .seconds(5) && limits.handshake == .seconds(2.5) && limits.loading == .seconds(7))
        #expect(try GroupSpec.Limits([:]).handshake == .seconds(30) && GroupSpec.Limits([:]).silence == .seconds(4))
        for text in ["hello", "hello=", "hello=-1", "load=0", "sleep=3", "load=nan", "load=1=2"] {
            let error = #expect(throws: UsageError.self) { try GroupSpec.Limits(["FLOTILLA_START_LIMITS": text]) }
            #expect(error?.description.contains(text) == true)
        }
    }
}
