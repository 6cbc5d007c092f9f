import Testing

@testable import Inference

@Suite("The scheduler")
struct SchedulerTests {
    static func request(_ id: String, prompt: Int, max: Int = 3, images: [GenerationRequest.Image] = []) -> GenerationRequest {
        GenerationRequest(
            id: id, prompt: (0..<Int32(prompt)).map { $0 + 10 }, images: images, maxTokens: max, endTokens: [1]
        )
    }

    static func scheduler(chunk: Int = 8, sequences: Int = 2, pages: Int = 10) -> Scheduler {
        Scheduler(.init(prefillChunk: chunk, maxSequences: sequences, pages: pages, pageTokens: 4, maxPositions: 100))
    }

    /// Completes a plan, choosing `token` for every run whose logits it asks for.
    static func complete(_ scheduler: inout Scheduler, _ plan: StepPlan, token: Int32 = 5) -> [GenerationEvent] {
        let choices = plan.logitsRows.map { ($0.run, token) }
        return scheduler.complete(plan, choices: Dictionary(uniqueKeysWithValues: choices))
    }

    @discardableResult
    static func step(_ scheduler: inout Scheduler) -> [GenerationEvent] {
        let plan = scheduler.nextPlan()
        return complete(&scheduler, plan)
    }

    @Test("a long prompt goes in chunks, beside a stream that gets a token in every step")
    func chunksBesideDecoding() {
        var scheduler = Self.scheduler(chunk: 4, pages: 20)
        _ = scheduler.submit(Self.request("a", prompt: 2, max: 9))
        Self.step(&scheduler)
        _ = scheduler.submit(Self.request("b", prompt: 10))
        for expected in [[1, 4], [1, 4], [1, 2]] {
            let plan = scheduler.nextPlan()
            #expect(plan.runs.map { Int($0.count) } == expected)
            #expect(plan.tokens.count == expected.reduce(0, +))
            _ = Self.complete(&scheduler, plan)
        }
        let last = scheduler.nextPlan()
        #expect(last.runs.map { Int($0.count) } == [1, 1])
    }

    @Test("pages come back, so that any number of requests pass through a small cache")
    func pagesAreReturned() {
        var scheduler = Self.scheduler(sequences: 3, pages: 4)
        var finished: [String] = []
        for number in 0..<20 {
            let refusal = scheduler.submit(Self.request("\(number)", prompt: 5 + number % 3))
            #expect(refusal == nil)
        }
        var steps = 0
        while scheduler.hasSequences && steps < 1000 {
            steps += 1
            for event in Self.step(&scheduler) {
                if case .finished(let id, .length) = event { finished.append(id) }
            }
        }
        #expect(finished == (0..<20).map { "\($0)" })
    }

    @Test("no two sequences share a page")
    func pagesAreDisjoint() {
        var scheduler = Self.scheduler(sequences: 2, pages: 10)
        _ = scheduler.submit(Self.request("a", prompt: 7))
        _ = scheduler.submit(Self.request("b", prompt: 1))
        let plan = scheduler.nextPlan()
        #expect(plan.runs.count == 2)
        #expect(Set(plan.runs[0].pages).isDisjoint(with: plan.runs[1].pages))
    }

    @Test("a prompt waits for the tiles it needs, in whatever order they come")
    func waitsForTiles() {
        var scheduler = Self.scheduler(chunk: 100)
        let image = GenerationRequest.Image(number: 7, positions: 2..<8)
        _ = scheduler.submit(Self.request("a", prompt: 10, images: [image]))
        let first = scheduler.nextPlan()
        #expect(first.openings == [.init(slot: 7, tokens: 6)])
        #expect(first.runs.map { Int($0.count) } == [2])
        _ = Self.complete(&scheduler, first)
        let some = scheduler.tileArrived(image: 7, range: 3..<6)
        #expect(some.isEmpty)
        let idle = scheduler.nextPlan()
        #expect(idle.runs.isEmpty)
        let all = scheduler.tileArrived(image: 7, range: 0..<3)
        #expect(all == [.imagesArrived(id: "a")])
        let last = scheduler.nextPlan()
        #expect(last.runs.map { Int($0.count) } == [8])
        #expect(last.visual == [.init(row: 0, count: 6, slot: 7, offset: 0)])
        _ = Self.complete(&scheduler, last)
        let after = scheduler.nextPlan()
        #expect(after.closings == [7])
    }

    @Test("an end token, a full answer and a full context end a request")
    func endings() {
        var scheduler = Self.scheduler()
        _ = scheduler.submit(Self.request("a", prompt: 2))
        let first = scheduler.nextPlan()
        let stopped = Self.complete(&scheduler, first, token: 1)
        #expect(stopped.last == .finished(id: "a", reason: .stop))
        _ = scheduler.submit(Self.request("b", prompt: 2, max: 1))
        let second = scheduler.nextPlan()
        let full = Self.complete(&scheduler, second)
        #expect(full.last == .finished(id: "b", reason: .length))
        #expect(!scheduler.hasSequences)
    }

    @Test("a cancelled request gives its pages and images back at once, waiting or running")
    func cancelling() {
        var scheduler = Self.scheduler(sequences: 1, pages: 3)
        let image = GenerationRequest.Image(number: 3, positions: 0..<1)
        _ = scheduler.submit(Self.request("a", prompt: 5))
        _ = scheduler.submit(Self.request("b", prompt: 5, images: [image]))
        Self.step(&scheduler)
        let cancelled = ["b", "a", "a"].map { scheduler.cancel(id: $0) }
        #expect(cancelled == [true, true, false])
        let idle = scheduler.nextPlan()
        #expect(idle.closings == [3])
        let refusal = scheduler.submit(Self.request("c", prompt: 9))
        #expect(refusal == nil)
        let plan = scheduler.nextPlan()
        #expect(plan.runs.count == 1)
    }

    @Test("what can never run is refused with a reason")
    func refusals() {
        var scheduler = Self.scheduler(pages: 3)
        for bad in [
            Self.request("a", prompt: 0), Self.request("b", prompt: 100), Self.request("c", prompt: 11),
            Self.request("d", prompt: 2, max: 0),
        ] {
            guard case .refused(bad.id, _)? = scheduler.submit(bad) else {
                Issue.record("\(bad.id) was taken")
                continue
            }
        }
        #expect(!scheduler.hasSequences)
    }
}
