import Requests
import Testing

@testable import ServingCore

@Suite("Several groups behind one core")
struct GroupsTests {
    /// A core whose groups are all ready.
    static func bench(slots: Int, _ change: (inout CoreLimits) -> Void = { _ in }) throws -> CoreBench {
        var bench = try CoreBench(slots: slots, change)
        for slot in 0..<slots { bench.ready(slot: slot) }
        return bench
    }

    static func prompt(_ kind: Int32, count: Int = 200) -> [Int32] { (0..<Int32(count)).map { 300 + kind + $0 % 7 } }

    /// The jobs that actions hand to groups.
    static func handed(_ actions: [CoreAction]) -> [String] {
        actions.compactMap { if case .submit(let job, let slot) = $0 { "\(job.id) to \(slot)" } else { nil } }
    }

    static func keep(_ prompt: [Int32], in slot: Int, _ bench: inout CoreBench) {
        var step = StepReport()
        step.keptPages = PageKey.chain(prompt, images: [], pageTokens: 64)
        bench.report(.step(step), slot: slot)
    }

    @Test("the least loaded has the next request, for its size")
    func leastLoaded() throws {
        var bench = try Self.bench(slots: 3)
        for ticket in 1...7 { bench.ask(ticket, prompt: Self.prompt(Int32(ticket) * 10)) }
        #expect(bench.core.slots.map(\.tickets.count) == [3, 2, 2])
        bench.report(.finished(id: "j2", JobSummary(.stop)), slot: 1)
        bench.ask(8)
        #expect(bench.core.requests[8]?.slot == 1)
    }

    @Test("a request goes where its prefix is cached, however loaded, as long as a sequence is free there")
    func prefix() throws {
        var bench = try Self.bench(slots: 2) { $0.sequences = 4 }
        let prompt = Self.prompt(0)
        Self.keep(prompt, in: 1, &bench)
        for ticket in 1...4 { bench.ask(ticket, prompt: prompt + [Int32(ticket)]) }
        #expect(bench.core.slots.map(\.tickets.count) == [0, 4])
        bench.ask(5, prompt: prompt)
        #expect(bench.core.requests[5]?.slot == 0)
        // What the leader has dropped counts no more.
        var dropped = StepReport()
        dropped.droppedPages = PageKey.chain(prompt, images: [], pageTokens: 64)
        bench.report(.step(dropped), slot: 1)
        bench.report(.finished(id: "j1", JobSummary(.stop)), slot: 1)
        bench.ask(6, prompt: prompt)
        #expect(bench.core.requests[6]?.slot == 0)
    }

    @Test("a short prefix that everybody shares decides only between groups that are equally loaded")
    func sharedInstruction() throws {
        var bench = try Self.bench(slots: 2)
        let instruction = Self.prompt(0, count: 64)
        Self.keep(instruction, in: 1, &bench)
        for ticket in 1...4 { bench.ask(ticket, prompt: instruction + Self.prompt(Int32(ticket) * 10)) }
        #expect((1...4).map { bench.core.requests[$0]?.slot } == [1, 0, 1, 0])
    }

    @Test("what a lost group had goes on in another at once, where it was, and nothing waits for the restart")
    func loss() throws {
        var bench = try Self.bench(slots: 2)
        for ticket in 1...4 { bench.ask(ticket, prompt: Self.prompt(Int32(ticket) * 10)) }
        #expect((1...4).map { bench.core.requests[$0]?.slot } == [0, 1, 0, 1])
        for ticket in [1, 3] { bench.tokens([400, 401], of: ticket) }
        let done = bench.die(slot: 0)
        #expect(Self.handed(done) == ["j1 to 1", "j3 to 1"])
        for case .submit(let job, _) in done { #expect(job.answerIds == [400, 401]) }
        let notes = done.compactMap { if case .send(.progress(let progress), _) = $0 { progress.note } else { nil } }
        #expect(notes == Array(repeating: "ranks were lost; the answer goes on in another group", count: 2))
        #expect(bench.core.state == .degraded && bench.core.isHealthy && bench.core.line.count == 0)
        bench.tokens([402, 902], of: 1, slot: 1)
        bench.report(.finished(id: "j1", JobSummary(.stop)), slot: 1)
        #expect(bench.ends(of: 1) == ["stop"])
        let groups = bench.core.snapshot(now: bench.now).groups
        #expect(groups.map(\.phase) == [.waiting, .ready])
        #expect(groups.map(\.figures.losses) == [1, 0] && groups.map(\.figures.resumed) == [0, 2])
        #expect(groups.map(\.figures.handed) == [2, 4] && groups.map(\.figures.generatedTokens) == [4, 2])
        #expect(groups.map(\.running) == [0, 3])
        bench.feed(.tick, after: .seconds(2))
        bench.feed(.surveyed(slot: 0, .init()))
        bench.ready(slot: 0)
        #expect(bench.core.state == .ready)
        bench.ask(9, prompt: Self.prompt(5))
        #expect(bench.core.requests[9]?.slot == 0)
    }

    @Test("a group that is lost for good does not end the server while another answers, and is tried again")
    func forGood() throws {
        var bench = try Self.bench(slots: 2)
        for _ in 0..<12 {
            bench.die(slot: 0)
            bench.feed(.tick, after: .seconds(31))
            bench.feed(.surveyed(slot: 0, .init(room: 0, missing: ["a"])))
            #expect(bench.core.isHealthy && bench.core.end == nil)
        }
        #expect(bench.core.slots[0].hasGivenUp && bench.core.state == .degraded)
        bench.ask(1)
        #expect(bench.core.requests[1]?.slot == 1)
        bench.feed(.tick, after: .seconds(31))
        bench.feed(.surveyed(slot: 0, .init()))
        bench.ready(slot: 0)
        #expect(!bench.core.slots[0].hasGivenUp && bench.core.state == .ready)
    }

    @Test("when all are lost for good the server ends")
    func allForGood() throws {
        var bench = try Self.bench(slots: 2)
        for _ in 0..<20 where bench.core.end == nil {
            for slot in 0..<2 {
                bench.die(slot: slot)
                bench.feed(.tick, after: .seconds(31))
                bench.feed(.surveyed(slot: slot, .init()))
            }
        }
        #expect(bench.core.end != nil)
    }

    @Test("a first start that fails ends the server, as with one group")
    func firstStart() throws {
        var bench = try CoreBench(slots: 2)
        bench.die(slot: 1)
        #expect(bench.core.end != nil)
    }

    @Test("a request that kills ranks is tried alone, and not in the last group while others need that")
    func killer() throws {
        var bench = try Self.bench(slots: 2)
        bench.ask(1)
        // It kills one group, and then the other; both come back one after the other.
        bench.die(slot: 0)
        #expect(bench.core.requests[1]?.slot == 1)
        bench.die(slot: 1)
        #expect(bench.core.requests[1]?.suspicion.isSuspected == true)
        bench.ask(2)
        bench.feed(.tick, after: .seconds(31))
        bench.feed(.surveyed(slot: 1, .init()))
        bench.ready(slot: 1)
        #expect(bench.core.requests[2]?.slot == 1 && bench.core.requests[1]?.slot == nil)
        bench.feed(.surveyed(slot: 0, .init()))
        bench.ready(slot: 0)
        #expect(bench.core.requests[1]?.slot == 0 && bench.core.slots[0].trial == 1)
        bench.ask(3)
        #expect(bench.core.requests[3]?.slot == 1)
    }
}
