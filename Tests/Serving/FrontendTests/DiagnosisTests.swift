import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import TestSupport
import Testing

/// What is said about hosts before a launch.
@Suite("Diagnosis of hosts")
struct DiagnosisTests {
    private static var head: HostReport {
        var report = HostReport()
        (report.build, report.version, report.mpiVersion) = ("b1", "1", "4.1.4")
        report.hasMpiDaemon = true
        (report.checkpoint, report.availableBytes) = ("c1", 1000)
        (report.processors, report.cores, report.interface) = (4, 4, "eth0")
        return report
    }

    private static func visit(_ name: String, _ change: (inout HostReport) -> Void = { _ in }) -> HostVisit {
        var report = head
        change(&report)
        var visit = HostVisit(name, .report(report))
        (visit.ranks, visit.neededBytes, visit.threads) = ([0], 900, 4)
        return visit
    }

    private static func diagnosis(_ visits: HostVisit..., refusals: [Finding] = []) -> Diagnosis {
        Diagnosis([visit("a")] + visits, head: head, refusals: refusals)
    }

    @Test("hosts like the one that launches are ready")
    func ready() {
        let found = Self.diagnosis(Self.visit("b"), Self.visit("c"))
        #expect(found.findings.isEmpty && found.exitCode == .success)
        #expect(found.verdict == "all 3 hosts are ready")
        var here = Self.visit("a") { $0.hasMpiDaemon = false }
        here.isHere = true
        let alone = Diagnosis([here], head: Self.head)
        #expect(alone.exitCode == .success && alone.verdict == "this host is ready")
        let far = Diagnosis([Self.visit("b") { $0.hasMpiDaemon = false }], head: Self.head)
        #expect(far.exitCode == .launchFailed && far.verdict == "host b is not ready")
    }

    @Test("each fault has its exit code, names its host, and has a hint")
    func faults() {
        let faults: [(HostVisit, Finding.Check, ExitCode)] = [
            (HostVisit("b", .silent("Connection refused")), .login, .launchFailed),
            (HostVisit("b", .withoutProgram("/usr/bin/flotilla")), .program, .launchFailed),
            (HostVisit("b", .refused("Unknown option")), .build, .ranksDisagree),
            (Self.visit("b") { $0.build = "b2" }, .build, .ranksDisagree),
            (Self.visit("b") { $0.checkpoint = "c2" }, .checkpoint, .ranksDisagree),
            (
                Self.visit("b") { ($0.checkpoint, $0.checkpointProblem) = (nil, "no such file") }, .checkpoint,
                .ranksDisagree
            ),
            (Self.visit("b") { $0.mpiVersion = "5.0.1" }, .openMPI, .ranksDisagree),
            (Self.visit("b") { $0.hasMpiDaemon = false }, .openMPI, .launchFailed),
            (Self.visit("b") { $0.availableBytes = 899 }, .memory, .outOfMemory),
            (Self.visit("b") { $0.unreachable = ["10.0.0.1"] }, .interfaces, .launchFailed),
        ]
        for (visit, check, code) in faults {
            let found = Self.diagnosis(visit, Self.visit("c"))
            #expect(found.findings.map(\.check) == [check], "\(found.findings)")
            #expect(found.findings.map(\.host) == ["b"] && found.exitCode == code)
            #expect(found.findings.allSatisfy { $0.hint != nil && $0.text.contains("b") })
            #expect(found.verdict == "host b is not ready")
        }
    }

    @Test("a draft model's ranks need memory as well, and a host that has none for them is not ready")
    func draftModel() {
        var visit = Self.visit("b")
        visit.draftBytes = 100
        #expect(Self.diagnosis(visit).exitCode == .success)
        visit.draftBytes = 101
        let found = Self.diagnosis(visit)
        #expect(found.exitCode == .outOfMemory && found.unready == ["b"])
        #expect(found.findings.first?.text.contains("rank 0 and the draft model's on b need") == true)
        #expect(found.findings.first?.hint?.contains("--draft-format q4") == true)
        // The group itself is too large: another draft model would not help.
        visit.neededBytes = 1001
        #expect(Self.diagnosis(visit).findings.first?.hint?.contains("more hosts") == true)
        #expect(found.text(model: "m", network: nil, layers: 1).contains("of it for the draft model"))
    }

    @Test("what only slows a launch down does not forbid it")
    func notes() {
        var skewed = Self.visit("b")
        skewed.clockOffset = 1.5...2
        var locking = Self.visit("b") { $0.lockableBytes = 10 }
        locking.lockedBytes = 11
        var crowded = Self.visit("b") { $0.sharedMemoryBytes = 1 << 20 }
        crowded.ranks = [1, 2]
        let notes: [(HostVisit, Finding.Check)] = [
            (skewed, .clock), (locking, .limits), (crowded, .sharedMemory), (Self.visit("b") { $0.cores = 3 }, .cores),
            (Self.visit("b") { $0.openFiles = 64 }, .limits), (Self.visit("b") { $0.isSplit = true }, .interfaces),
        ]
        for (visit, check) in notes {
            let found = Self.diagnosis(visit)
            #expect(found.findings.map(\.check) == [check] && found.exitCode == .success, "\(found.findings)")
            #expect(found.verdict == "all 2 hosts are ready, with 1 remark")
        }
    }

    @Test("a clock counts as wrong only where the time that asking took cannot explain it")
    func clock() {
        var report = Self.head
        (report.clockBegan, report.clockEnded) = (105, 105.5)
        let answer = { HostAnswer(status: 0, output: report.line, began: $0, ended: $1) }
        #expect(HostVisit("b", answer(100, 103), program: "").clockOffset == 2.5...5)
        #expect(Self.diagnosis(HostVisit("b", answer(100, 103), program: "")).findings.map(\.check) == [.clock])
        #expect(Self.diagnosis(HostVisit("b", answer(100, 106), program: "")).findings.isEmpty)
        #expect(Self.diagnosis(HostVisit("b", answer(109, 112), program: "")).findings.map(\.check) == [.clock])
    }

    @Test("a clock that asking cannot tell from the others, but the network can")
    func clockOverNetwork() {
        let pair = { (one: String, other: String, offset: Double) in
            let figures = (roundTrip: 100.0, rate: 940.0)
            return NetworkReport.Pair(
                one: one,
                other: other,
                roundTripMicroseconds: figures.roundTrip,
                megabitsPerSecond: figures.rate,
                clockOffset: offset
            )
        }
        let report = NetworkReport(
            pairs: [pair("a", "b", -0.4), pair("a", "c", 0.05), pair("b", "c", 0.45)],
            hiddenSize: 8,
            allReduceMicroseconds: 50
        )
        let visits = ["a", "b", "c"].map { Self.visit($0) }
        let found = Diagnosis(visits, head: Self.head, network: report)
        #expect(found.findings.map(\.text) == ["the clock of b is 400.0 ms behind that of a"])
        #expect(found.findings.map(\.host) == ["b"] && found.exitCode == .success)
    }

    @Test("what the remote shell came to is told apart")
    func answers() {
        let result = { (status: Int32?, output: String, errors: String) in
            HostVisit("b", HostAnswer(status: status, output: output, errors: errors), program: "/f").result
        }
        #expect(result(0, "welcome\n\(Self.head.line)\n", "") == .report(Self.head))
        #expect(result(127, "", "sh: 1: /f: not found\n") == .withoutProgram("/f"))
        #expect(result(255, "", "banner\nssh: refused\r\n") == .silent("ssh: refused"))
        #expect(result(nil, "", "") == .silent("no answer in time"))
        #expect(result(2, "", "flotilla: no such thing\n  hint: none\n") == .refused("no such thing"))
        #expect(result(0, "flotilla-host: {", "") == .refused("flotilla-host: {"))
    }

    @Test("a rank that fits nowhere is said once, where a host that is too small says it")
    func refusals() {
        let refusal = Finding(.memory, exitCode: .outOfMemory, "rank 1 fits nowhere")
        let alone = Self.diagnosis(refusals: [refusal])
        #expect(alone.findings == [refusal] && alone.exitCode == .outOfMemory && alone.verdict == refusal.text)
        let both = Self.diagnosis(Self.visit("b") { $0.availableBytes = 1 }, refusals: [refusal])
        #expect(both.findings.count == 1 && both.findings[0].host == "b")
    }

    @Test("without mpirun here nothing starts, however well the hosts are")
    func withoutMpirun() {
        var head = Self.head
        head.mpiVersion = nil
        let found = Diagnosis([Self.visit("a"), Self.visit("b")], head: head)
        #expect(found.exitCode == .launchFailed && found.verdict == "mpirun is not in PATH" && found.unready.isEmpty)
    }

    @Test("a way that is far slower than the others is named")
    func network() {
        let pair = { (one: String, other: String, rate: Double) in
            NetworkReport.Pair(one: one, other: other, roundTripMicroseconds: 100, megabitsPerSecond: rate)
        }
        let report = NetworkReport(
            pairs: [pair("a", "b", 940), pair("a", "c", 94), pair("b", "c", 930)],
            hiddenSize: 8,
            allReduceMicroseconds: 50
        )
        let found = Diagnosis([Self.visit("a"), Self.visit("b")], head: Self.head, network: report)
        #expect(found.findings.map(\.text) == ["the way between a and c carries 94 Mbit/s, most carry 930 Mbit/s"])
        #expect(found.exitCode == .success)
    }

    @Test("a storm of hosts: the exit code is the worst fault's, and text and JSON name every one of them")
    func storm() throws {
        var random = SeededRandom(seed: 13)
        for _ in 0..<300 {
            let visits = (0..<Int.random(in: 1...6, using: &random)).map { Self.anyVisit("h\($0)", &random) }
            let found = Diagnosis(visits, head: Self.head)
            let codes = Set(found.findings.compactMap(\.exitCode))
            let worst = [ExitCode.launchFailed, .ranksDisagree, .outOfMemory].first { codes.contains($0) } ?? .success
            #expect(found.exitCode == worst)
            #expect((found.exitCode == .success) == found.unready.isEmpty)
            let text = found.text(model: "m", network: nil, layers: 2)
            #expect(found.findings.allSatisfy { text.contains($0.text) } && text.hasSuffix("verdict: \(found.verdict)"))
            let data = Data(try found.json(model: "m", network: nil).utf8)
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(object["exit_code"] as? Int == Int(worst.rawValue))
            let hosts = try #require(object["hosts"] as? [[String: Any]])
            #expect(hosts.compactMap { $0["host"] as? String } == visits.map(\.name))
            let ready = hosts.compactMap { $0["is_ready"] as? Bool }
            #expect(ready == visits.map { !found.unready.contains($0.name) })
        }
    }

    private static func anyVisit(_ name: String, _ random: inout SeededRandom) -> HostVisit {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return HostVisit(name, .silent("gone"))
        case 1: return HostVisit(name, .withoutProgram("/f"))
        default: break
        }
        let numbers = (0..<9).map { _ in Int.random(in: 0..<6, using: &random) }
        var visit = visit(name) { report in
            if numbers[0] == 0 { report.build = "b2" }
            if numbers[1] == 0 { report.checkpoint = numbers[2] < 3 ? nil : "c2" }
            if numbers[3] == 0 { (report.hasMpiDaemon, report.mpiVersion) = (numbers[2] < 3, "5") }
            report.availableBytes = numbers[4] == 0 ? nil : numbers[4] * 400
            report.cores = 1 + numbers[5]
            report.openFiles = numbers[6] == 0 ? nil : numbers[6] * 200
        }
        visit.ranks = Array(0..<numbers[7])
        visit.threads = numbers[8] == 0 ? nil : numbers[8]
        visit.neededBytes = numbers[7] * 300
        visit.clockOffset = Double(numbers[8])...Double(numbers[8] + 1)
        return visit
    }
}
