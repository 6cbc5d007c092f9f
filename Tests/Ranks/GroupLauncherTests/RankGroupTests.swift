import Diagnostics
import Foundation
import GroupLink
import Requests
import TestSupport
import Testing

@testable import GroupLauncher

/// Real groups under a real `mpirun`, one after the other: what they do, and that nothing of them is left.
@Suite(.serialized, .ownThread)
struct RankGroupTests {
    private func formed(_ ranks: Int = 3, _ options: [String] = []) throws -> (group: RankGroup, pids: [Int32]) {
        let group = try RankGroup.start(TestProgram.spec(ranks, options))
        return (group, try group.waitUntilFormed().map(\.pid))
    }

    /// Waits until all ranks of a group have come out of `MPI_Init`, if they use it, and are ready.
    private func waitUntilReady(_ group: RankGroup, ranks: Int) {
        var ready = 0
        while ready < ranks, case .report(_, let report, _) = group.nextEvent(within: .seconds(Watchdog.seconds)) {
            if case .ready = report { ready += 1 }
        }
        #expect(ready == ranks)
    }

    private func nextReport(_ group: RankGroup) -> (rank: Int, report: LinkReport, attachment: Data)? {
        while case .report(let rank, let report, let attachment) = group.nextEvent(within: .seconds(Watchdog.seconds)) {
            switch report {
            case .progress, .ready: continue
            default: return (rank, report, attachment)
            }
        }
        return nil
    }

    @Test func aGroupSaysHelloWorksAndLeavesNothingBehind() throws {
        let group = try RankGroup.start(TestProgram.spec())
        let hellos = try group.waitUntilFormed()
        #expect(hellos.map(\.rank) == [0, 1, 2])
        #expect(hellos.map(\.role) == [.decoder, .decoder, .vision])
        #expect(hellos.allSatisfy { $0.worldSize == 3 && TestProgram.isRunning($0.pid) })

        group.send(.generate(GenerateJob(id: "r", promptIds: [1, 2, 3])), to: 0)
        var step = StepReport()
        step.tokens = [StepReport.Tokens(id: "r", ids: [3, 2, 1])]
        #expect(nextReport(group)?.report == .step(step))
        #expect(nextReport(group)?.report == .finished(id: "r", JobSummary(.stop)))

        let bytes = Data(repeating: 0xA5, count: 20_000_000) + Data("end".utf8)
        group.send(.encode(ImageJob(number: 5)), attachment: bytes, toAll: 0..<3)
        for _ in 0..<3 { #expect(nextReport(group)?.attachment == bytes) }
        #expect(group.pulse(of: 2) != nil)

        #expect(group.shutdown().error == nil)
        #expect(TestProgram.survivors(hellos.map(\.pid) + [(group.launcherPid ?? 0)], within: .zero) == [])
        #expect(group.pulse(of: 2) == nil)
        #expect(TestProgram.leftovers == [])
    }

    @Test(
        "A rank that lives and comes no further is named, and where it stands",
        arguments: [
            (1, "did not come out of MPI_Init within 1 s"), (2, "cannot reach each other within 1 s"),
            (3, "has loaded nothing more within 2 s: 1 of 3 parts are there"),
        ]
    )
    func aStartEnds(place: Int, words: String) throws {
        var spec = TestProgram.spec(3, ["stall=1:\(place)"])
        // The others are long: a rank that gets no turn for seconds comes no further either.
        switch place {
        case 1: spec.limits.initialising = .seconds(1)
        case 2: spec.limits.handshake = .seconds(1)
        default: spec.limits.loading = .seconds(2)
        }
        let group = try RankGroup.start(spec)
        let error = try #require(group.nextEnd()?.error as? LaunchError)
        #expect(error.description.contains("rank 1 on \(Machine.hostName) (127.0.0.1)"), "\(error)")
        #expect(error.description.hasSuffix(words), "\(error)")
        #expect(error.exitCode == .launchFailed)
    }

    @Test(arguments: [[], ["mpi"]])
    func aKilledRankIsNamedInTimeAndTheOthersEnd(_ options: [String]) throws {
        for round in 0..<(options.isEmpty ? 30 : 3) {
            let (group, pids) = try formed(3, options)
            if !options.isEmpty { waitUntilReady(group, ranks: 3) }
            let victim = round % 3
            kill(pids[victim], SIGKILL)
            let error = try #require(group.nextEnd()?.error as? RankLostError)
            #expect(error.rank?.rank == victim)
            #expect(error.rank?.pid == pids[victim])
            #expect(error.cause == "killed by signal 9 (Killed)")
            #expect(error.exitCode == .rankLost)
            #expect(TestProgram.leftovers == [])
            #expect(TestProgram.survivors(pids + [(group.launcherPid ?? 0)], within: .seconds(60)) == [])
        }
    }

    @Test func aRankThatHangsIsNamedInTime() throws {
        var spec = TestProgram.spec()
        spec.limits.silence = GroupSpec.Limits().silence
        let group = try RankGroup.start(spec)
        let pids = try group.waitUntilFormed().map(\.pid)
        kill(pids[1], SIGSTOP)
        let error = try #require(group.nextEnd()?.error as? RankLostError)
        #expect(error.rank?.rank == 1)
        #expect(error.cause.hasPrefix("silent for"))
        #expect(TestProgram.survivors(pids + [(group.launcherPid ?? 0)], within: .seconds(60)) == [])
    }

    @Test func aKilledMpirunIsNamedAndTheRanksEnd() throws {
        for _ in 0..<3 {
            let (group, pids) = try formed()
            kill((group.launcherPid ?? 0), SIGKILL)
            let error = try #require(group.nextEnd()?.error as? RankLostError)
            #expect(error.rank == nil)
            #expect(TestProgram.leftovers == [])
            #expect(error.cause == "mpirun killed by signal 9 (Killed)")
            #expect(TestProgram.survivors(pids + [(group.launcherPid ?? 0)], within: .seconds(60)) == [])
        }
    }

    @Test(arguments: [SIGKILL, SIGTERM, SIGINT], [[], ["mpi"]])
    func nothingOutlivesTheProcessInFront(_ signal: Int32, _ options: [String]) throws {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("front-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: output) }
        let front = try ChildProcess(TestProgram.path, ["front", "3"] + options, output: .file(output))
        var line = ""
        #expect(
            Poll.until {
                line = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
                return line.hasSuffix("\n") || !front.isRunning
            }
        )
        let pids = line.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        #expect(pids.count == 4)
        #expect(pids.allSatisfy(TestProgram.isRunning))
        kill(front.processIdentifier, signal)
        #expect(TestProgram.survivors(pids, within: .seconds(Watchdog.seconds)) == [])
        front.waitUntilExit()
        #expect(front.wasSignalled)
        #expect(front.terminationStatus == signal)
    }

    @Test func aHostfileOfThisHostWorksToo() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "localhost slots=2\n".write(toFile: path, atomically: true, encoding: .utf8)
        var spec = TestProgram.spec(2)
        spec.hostfile = path
        let group = try RankGroup.start(spec)
        let pids = try group.waitUntilFormed().map(\.pid)
        #expect(group.shutdown().error == nil)
        #expect(TestProgram.survivors(pids + [(group.launcherPid ?? 0)], within: .seconds(60)) == [])
        spec.decoderRanks = 2
        let error = #expect(throws: LaunchError.self) { try RankGroup.start(spec) }
        #expect(error?.description == "3 ranks are asked for, and the host has 2 slots")
    }

    @Test func ranksThatDoNotFinishAreKilled() throws {
        var spec = TestProgram.spec(2, ["ignore-shutdown"])
        spec.limits.finishing = .milliseconds(500)
        let group = try RankGroup.start(spec)
        let pids = try group.waitUntilFormed().map(\.pid)
        #expect(group.shutdown().error == nil)
        #expect(TestProgram.survivors(pids + [(group.launcherPid ?? 0)], within: .seconds(60)) == [])
    }

    @Test func aRanksErrorIsTheGroupsErrorOnce() throws {
        var spec = TestProgram.spec(3, ["fail=0:4", "fail=1:4", "fail=2:4", "mpi"])
        // What the link brings, another thread than the one that hears of mpirun's end.
        spec.limits.lastWords = .seconds(Watchdog.seconds)
        let group = try RankGroup.start(spec)
        let error = try #require(group.nextEnd()?.error as? RankFailedError)
        #expect(error.description == "the checkpoint is broken")
        #expect(error.hint == "mend it")
        #expect(error.exitCode == .checkpoint)
        #expect(TestProgram.survivors([(group.launcherPid ?? 0)], within: .seconds(60)) == [])
    }

    @Test func aRankThatExitsBeforeItsHelloIsALaunchError() throws {
        let spec = TestProgram.spec(3, ["exit=1:42"])
        let group = try RankGroup.start(spec)
        let error = try #require(group.nextEnd()?.error as? LaunchError)
        #expect(error.exitCode == .launchFailed)
        // mpirun names the rank as a rule, and what is missing is named where it does not. The rank ends once mpirun has read its
        // words, so that those are never lost.
        let expected =
            #/complete: (rank 1:|mpirun) exited with status 42(?<missing> before rank [0-9, ]+ said hello)?: (?<words>.*)/#
        let match = try #require(error.description.firstMatch(of: expected), "\(error.description)")
        #expect(match.missing?.contains("1") != false)
        #expect(match.words == "the test rank gives up")
    }

    @Test func ranksThatNeverSayHelloAreALaunchError() throws {
        var spec = TestProgram.spec(2, ["deaf"])
        spec.limits.forming = .milliseconds(700)
        let group = try RankGroup.start(spec)
        let error = try #require(group.nextEnd()?.error as? LaunchError)
        #expect(error.description.hasPrefix("no hello from rank 0, 1 of 2 within"))
    }

    @Test func aMissingMpirunIsNamed() throws {
        var spec = TestProgram.spec()
        spec.environment["PATH"] = "/nowhere"
        let error = #expect(throws: LaunchError.self) { _ = try RankGroup.start(spec) }
        #expect(error?.description == "mpirun is not in PATH")
        #expect(error?.hint == "install Open MPI: apt-get install openmpi-bin")
    }

    @Test func aMissingProgramIsNamed() throws {
        var spec = TestProgram.spec()
        spec.executable = "/nowhere/flotilla"
        let error = #expect(throws: LaunchError.self) { _ = try RankGroup.start(spec) }
        #expect(error?.description == "the ranks' program /nowhere/flotilla cannot be executed")
    }

    @Test func mpirunsOwnErrorIsOneSentence() throws {
        var spec = TestProgram.spec()
        spec.extraMpirunArguments = ["--no-such-option"]
        let group = try RankGroup.start(spec)
        let error = try #require(group.nextEnd()?.error as? LaunchError)
        #expect(error.description.hasPrefix("the group ended before it was complete: mpirun exited with status"))
        #expect(!error.description.contains("\n"))
        #expect(!error.description.contains("-----"))
    }

    @Test func whatRanksPrintReachesTheOneWhoAsks() throws {
        let lines = EventQueue<String>()
        var spec = TestProgram.spec(2, ["exit=0:1"])
        spec.onOutput = { lines.push($0) }
        let group = try RankGroup.start(spec)
        _ = group.waitUntilEnded()
        var found = false
        while !found, let line = lines.next(within: .seconds(Watchdog.seconds)) {
            found = line == "the test rank gives up"
        }
        #expect(found)
    }

    @Test("Nothing of a group of one host listens where another host could reach it")
    func loopbackOnly() throws {
        let (group, pids) = try formed(3, ["mpi"])
        let mpirun = try #require(group.launcherPid)
        let deadline = MonotonicClock.now + .seconds(60)
        var open: [String] = []
        repeat {
            open = try ([mpirun] + pids).flatMap(ListeningSockets.open(of:))
            usleep(50_000)
        } while !open.isEmpty && MonotonicClock.now < deadline
        #expect(open == [])
        #expect(group.shutdown().error == nil)
    }

    @Test("Ranks of two builds do not work together, and the host is named")
    func builds() throws {
        let group = try RankGroup.start(TestProgram.spec(3, ["build=1:7"]))
        let error = try #require(group.nextEnd()?.error as? BuildsDifferError)
        #expect(error.exitCode == .ranksDisagree)
        #expect(error.description.contains("host \(Machine.hostName) runs another build of flotilla (build 7)"))
    }

    @Test("The hosts to run on are a value; their file is private, and gone with the group")
    func hosts() throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        var spec = TestProgram.spec(2)
        spec.environment["TMPDIR"] = parent
        spec.hosts = try Hostfile("localhost slots=2\n")
        let group = try RankGroup.start(spec)
        let mine = try FileManager.default.contentsOfDirectory(atPath: parent).filter { $0.hasPrefix("flotilla-") }
        let directory = parent + "/" + (try #require(mine.first))
        for (path, mode) in [(directory, 0o700), (directory + "/hosts", 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == mode)
        }
        _ = try group.waitUntilFormed()
        #expect(group.shutdown().error == nil)
        #expect(!FileManager.default.fileExists(atPath: directory))
        spec.environment["TMPDIR"] = "/nowhere"
        #expect(throws: LaunchError.self) { try RankGroup.start(spec) }
        spec.hosts = try Hostfile("")
        #expect(throws: LaunchError("no host is left to run on", hint: "one host a line: node1 slots=2")) {
            try RankGroup.start(spec)
        }
    }
}
