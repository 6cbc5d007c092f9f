import Diagnostics
import Requests
import TestSupport
import Testing

@testable import ServingCore

@Suite("Groups that grow back")
struct RegrowthTests {
    /// A group of three decoder ranks that goes on with two, since a host is gone.
    static func small() throws -> CoreBench {
        var bench = try CoreBench(decoderRanks: 3)
        bench.ready()
        bench.die(slot: 0)
        bench.feed(.tick, after: .seconds(2))
        bench.feed(.surveyed(slot: 0, .init(room: 2, used: 2, missing: ["c"])))
        bench.ready()
        return bench
    }

    static func questions(_ actions: [CoreAction]) -> [HostQuestion] {
        actions.compactMap { if case .survey(_, let question) = $0 { question } else { nil } }
    }

    static let back = CoreInput.surveyed(slot: 0, .init(used: 3))

    @Test("missing hosts alone are asked, with more time between, and it is said who is missing")
    func asking() throws {
        var bench = try Self.small()
        #expect(bench.core.state == .degraded && bench.core.snapshot(now: bench.now).groups[0].missingHosts == ["c"])
        var times: [Duration] = []
        for _ in 0..<50 {
            let due = bench.core.nextWake() ?? .zero
            times.append(due - bench.now)
            let done = bench.feed(.tick, after: due - bench.now)
            #expect(Self.questions(done) == [.only(["c"])])
            bench.feed(.surveyed(slot: 0, .init(room: 2, used: 2, missing: ["c"])))
        }
        #expect(times[0] < .seconds(3) && times.max() == .seconds(15) && times.last == .seconds(15))
    }

    @Test("a group without work grows at once, with the hosts that are back")
    func quiet() throws {
        var bench = try Self.small()
        bench.feed(.tick, after: .seconds(3))
        let done = bench.feed(Self.back)
        #expect(done.contains { if case .endGroup(0, true) = $0 { true } else { false } })
        #expect(bench.core.isHealthy == false)
        let started = bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
        #expect(started.contains { if case .startGroup(0, 3, 3, 1) = $0 { true } else { false } })
        bench.ready()
        let group = bench.core.snapshot(now: bench.now).groups[0]
        #expect(bench.core.state == .ready && group.missingHosts == [] && group.figures.losses == 1)
        #expect(group.figures.regrowths == 1 && bench.core.nextWake() == nil)
    }

    @Test("an answer is waited for a minute, then it goes on in the larger group; that is no loss, and no suspicion")
    func busy() throws {
        var bench = try Self.small()
        bench.ask(1)
        bench.tokens([400, 401], of: 1)
        bench.feed(.tick, after: .seconds(3))
        bench.feed(Self.back)
        #expect(bench.core.isHealthy == true)
        bench.feed(.tick, after: .seconds(59))
        #expect(bench.core.slots[0].tickets == [1])
        #expect(Self.questions(bench.feed(.tick, after: .seconds(2))) == [.only(["c"])])
        bench.feed(Self.back)
        // What the old group still says counts for nothing.
        bench.tokens([555], of: 1)
        bench.feed(.group(slot: 0, generation: bench.generation, .ended(CoreBench.Died())))
        bench.ready()
        #expect(bench.submitted == ["j1", "j1"])
        #expect(bench.core.requests[1]?.tokens == [400, 401] && bench.core.requests[1]?.suspicion.losses == 0)
        bench.tokens([402, 902], of: 1)
        bench.report(.finished(id: "j1", JobSummary(.stop)))
        #expect(bench.ends(of: 1) == ["stop"] && bench.core.statistics.losses == 1)
    }

    @Test("a quiet moment is used as soon as it comes, if the hosts are still there")
    func moment() throws {
        var bench = try Self.small()
        bench.ask(1)
        bench.feed(.tick, after: .seconds(3))
        bench.feed(Self.back)
        bench.tokens([902], of: 1)
        bench.report(.finished(id: "j1", JobSummary(.stop)))
        #expect(Self.questions(bench.actions).suffix(1) == [.only(["c"])])
        bench.feed(.surveyed(slot: 0, .init(room: 2, used: 2, missing: ["c"])))
        #expect(bench.core.isHealthy == true, "the host is gone again")
        bench.feed(.tick, after: .seconds(16))
        bench.feed(Self.back)
        #expect(bench.core.isHealthy == false)
    }

    @Test("a larger group that does not live is gone back from, and tried again later and later")
    func failing() throws {
        var bench = try Self.small()
        var waits: [Duration] = []
        for _ in 0..<12 {
            let due = bench.core.nextWake() ?? .zero
            waits.append(due - bench.now)
            bench.feed(.tick, after: due - bench.now)
            bench.feed(Self.back)
            bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
            bench.die(slot: 0)
            let done = bench.feed(.tick, after: .seconds(31))
            #expect(Self.questions(bench.actions).last == .all(except: ["c"]), "\(done)")
            bench.feed(.surveyed(slot: 0, .init(room: 2, used: 2, missing: ["c"])))
            bench.ready()
            #expect(bench.core.end == nil && bench.core.slots[0].policy.decoderRanks == 2)
            bench.core.slots[0].policy.madeProgress()
        }
        #expect(waits[1] > .seconds(20) && waits[2] > waits[1] && waits.last ?? .zero > .seconds(1700))
    }

    @Test("what a host lacks that comes back ends no server: a checkpoint, or the same build")
    func unfit() throws {
        struct Unfit: OperatorError {
            var description: String { "the checkpoint is not there" }
            var hint: String? { nil }
            var exitCode: ExitCode
        }
        for code in [ExitCode.checkpoint, .ranksDisagree, .usage] {
            var bench = try Self.small()
            bench.ask(1)
            bench.tokens([400], of: 1)
            bench.feed(.tick, after: .seconds(3))
            bench.feed(Self.back)
            bench.feed(.tick, after: .seconds(61))
            bench.feed(Self.back)
            bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
            bench.feed(.group(slot: 0, generation: bench.generation, .ended(Unfit(exitCode: code))))
            #expect(bench.core.end == nil && bench.ends(of: 1) == [], "\(code)")
            bench.feed(.tick, after: .seconds(31))
            #expect(Self.questions(bench.actions).last == .all(except: ["c"]))
            bench.feed(.surveyed(slot: 0, .init(room: 2, used: 2, missing: ["c"])))
            bench.ready()
            bench.tokens([401, 902], of: 1)
            bench.report(.finished(id: "j1", JobSummary(.stop)))
            #expect(bench.ends(of: 1) == ["stop"] && bench.core.state == .degraded)
        }
    }

    @Test("a host that comes and goes is taken in each time, and asked less often")
    func unsteady() throws {
        var bench = try Self.small()
        for _ in 0..<5 {
            bench.feed(.tick, after: .seconds(16))
            bench.feed(Self.back)
            bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
            bench.ready()
            #expect(bench.core.state == .ready)
            bench.die(slot: 0)
            bench.feed(.tick, after: .seconds(31))
            #expect(Self.questions(bench.actions).last == .all(except: []))
            bench.feed(.surveyed(slot: 0, .init(room: 2, used: 2, missing: ["c"])))
            bench.ready()
            let due = (bench.core.nextWake() ?? .zero) - bench.now
            #expect(due > .seconds(14) && due <= .seconds(15))
            bench.core.slots[0].policy.madeProgress()
        }
    }

    @Test("after failures to load it does not stay small for good")
    func afterFailures() throws {
        var bench = try CoreBench(decoderRanks: 3)
        bench.ready()
        for _ in 0..<3 {
            bench.die(slot: 0)
            bench.feed(.tick, after: .seconds(31))
            bench.feed(.surveyed(slot: 0, .init(used: 3)))
        }
        bench.ready()
        #expect(bench.core.slots[0].policy.decoderRanks == 2 && bench.core.state == .degraded)
        #expect(Self.questions(bench.feed(.tick, after: .seconds(61))) == [.only([])])
        bench.feed(Self.back)
        bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
        bench.ready()
        #expect(bench.core.state == .ready && bench.core.slots[0].policy.decoderRanks == 3)
    }

    @Test("vision ranks come back too, and a host of no use is missed no more")
    func vision() throws {
        var bench = try CoreBench(decoderRanks: 3) { $0.visionRanks = 2 }
        bench.ready()
        bench.die(slot: 0)
        bench.feed(.tick, after: .seconds(2))
        bench.feed(.surveyed(slot: 0, .init(room: 3, visionRoom: 1, used: 2, missing: ["c", "d"])))
        bench.ready()
        #expect(bench.core.visionRanks == 1 && bench.core.state == .degraded)
        bench.feed(.tick, after: .seconds(3))
        bench.feed(.surveyed(slot: 0, .init(visionRoom: 1, used: 2, missing: ["c"])))
        #expect(bench.core.isHealthy && bench.core.slots[0].missing == ["c"])
        bench.feed(.tick, after: .seconds(5))
        bench.feed(.surveyed(slot: 0, .init(used: 3)))
        bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
        bench.ready()
        #expect(bench.core.visionRanks == 2 && bench.core.state == .ready)
    }

    @Test("nothing grows while a server drains, or where somebody else starts ranks")
    func never() throws {
        var bench = try Self.small()
        bench.ask(1)
        bench.feed(.drain(within: nil))
        #expect(bench.core.nextWake() == nil)
        #expect(Self.questions(bench.feed(.tick, after: .seconds(100))) == [])
        var attached = try CoreBench(decoderRanks: 2) { $0.growsBack = false }
        attached.ready()
        for _ in 0..<3 {
            attached.die(slot: 0)
            attached.feed(.tick, after: .seconds(31))
            attached.feed(.surveyed(slot: 0, .init()))
        }
        attached.ready()
        #expect(attached.core.state == .degraded && attached.core.nextWake() == nil)
    }
}
