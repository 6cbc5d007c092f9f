import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("The scheduler")
struct SchedulerTests {
    static func job(
        _ id: String,
        prompt: [Int32],
        max: Int = 3,
        images: [GenerateJob.Image] = [],
        answer: [Int32] = []
    ) -> GenerateJob {
        var job = GenerateJob(id: id, promptIds: prompt, images: images)
        job.sampling.maxTokens = max
        job.stopIds = [1]
        job.answerIds = answer
        return job
    }

    /// A prompt of its own for each id.
    static func job(_ id: String, prompt: Int, max: Int = 3, images: [GenerateJob.Image] = []) -> GenerateJob {
        let first = Int32(truncatingIfNeeded: id.hashValue & 0xFFFF) * 100 + 10
        return job(id, prompt: (0..<Int32(prompt)).map { $0 + first }, max: max, images: images)
    }

    static func image(_ number: Int32, _ positions: Range<Int>, isComing: Bool = true) -> GenerateJob.Image {
        var image = GenerateJob.Image(
            number: number,
            contentKey: "\(number)",
            tiles: 1,
            start: positions.lowerBound,
            count: positions.count
        )
        image.isComing = isComing
        return image
    }

    static func scheduler(chunk: Int = 8, sequences: Int = 2, pages: Int = 10) -> Scheduler {
        Scheduler(.init(prefillChunk: chunk, maxSequences: sequences, pages: pages, pageTokens: 4, maxPositions: 100))
    }

    /// Completes a plan, choosing `token` for every run whose logits it asks for.
    static func complete(
        _ scheduler: inout Scheduler,
        _ plan: StepPlan,
        token: Int32 = 5
    ) -> (endings: [Scheduler.Ending], report: StepReport) {
        var choices: [Int: [Int32?]] = [:]
        for row in plan.logitsRows { choices[row.run, default: []].append(token) }
        var report = StepReport()
        let endings = scheduler.complete(plan, choices: choices, report: &report)
        return (endings, report)
    }

    @discardableResult
    static func step(_ scheduler: inout Scheduler) -> (endings: [Scheduler.Ending], report: StepReport) {
        let plan = scheduler.nextPlan()
        return complete(&scheduler, plan)
    }

    @Test("a long prompt goes in chunks, beside a stream that gets a token in every step")
    func chunksBesideDecoding() {
        var scheduler = Self.scheduler(chunk: 4, pages: 20)
        _ = scheduler.submit(Self.job("a", prompt: 2, max: 9))
        Self.step(&scheduler)
        _ = scheduler.submit(Self.job("b", prompt: 10))
        for expected in [[1, 4], [1, 4], [1, 2]] {
            let plan = scheduler.nextPlan()
            #expect(plan.runs.map { Int($0.count) } == expected)
            #expect(plan.tokens.count == expected.reduce(0, +))
            _ = Self.complete(&scheduler, plan)
        }
        let last = scheduler.nextPlan()
        #expect(last.runs.map { Int($0.count) } == [1, 1])
    }

    @Test("a step takes no more of a prompt than its budget, and a budget of nothing leaves prompts waiting")
    func budgets() {
        var scheduler = Self.scheduler(chunk: 8, pages: 20)
        _ = scheduler.submit(Self.job("a", prompt: 20))
        for budget in [0, 3, 100] {
            let plan = scheduler.nextPlan(prefillBudget: budget)
            #expect(plan.tokens.count == min(budget, 8))
            _ = Self.complete(&scheduler, plan)
        }
    }

    @Test("any number of requests pass through a small cache, in the order in which they came")
    func pagesAreReturned() {
        var scheduler = Self.scheduler(sequences: 3, pages: 4)
        var finished: [String] = []
        for number in 0..<20 {
            let refusal = scheduler.submit(Self.job("\(number)", prompt: 5 + number % 3))
            #expect(refusal == nil)
        }
        var steps = 0
        while scheduler.hasSequences && steps < 1000 {
            steps += 1
            finished += Self.step(&scheduler).endings.filter { $0.reason == .length }.map(\.id)
        }
        #expect(finished == (0..<20).map { "\($0)" })
        #expect(scheduler.load.usedPages == 0)
    }

    @Test("a prompt waits for the tiles it needs, in whatever order they come")
    func waitsForTiles() {
        var scheduler = Self.scheduler(chunk: 100)
        _ = scheduler.submit(Self.job("a", prompt: 10, images: [Self.image(7, 2..<8)]))
        let first = scheduler.nextPlan()
        #expect(first.openings == [.init(slot: 7, tokens: 6)])
        #expect(first.runs.map { Int($0.count) } == [2])
        _ = Self.complete(&scheduler, first)
        let some = scheduler.tileArrived(image: 7, range: 3..<6)
        #expect(some.isEmpty)
        let idle = scheduler.nextPlan()
        #expect(idle.runs.isEmpty)
        let all = scheduler.tileArrived(image: 7, range: 0..<3)
        #expect(all == ["a"])
        let last = scheduler.nextPlan()
        #expect(last.runs.map { Int($0.count) } == [8])
        #expect(last.visual == [.init(row: 0, count: 6, slot: 7, offset: 0)])
    }

    @Test("an image stays for the next job until it is forgotten, and is then asked for again")
    func imagesStay() {
        var scheduler = Self.scheduler(chunk: 100, pages: 20)
        _ = scheduler.submit(Self.job("a", prompt: 3, max: 1, images: [Self.image(7, 0..<2)]))
        _ = scheduler.tileArrived(image: 7, range: 0..<2)
        Self.step(&scheduler)
        _ = scheduler.submit(Self.job("b", prompt: 3, max: 1, images: [Self.image(7, 0..<2)]))
        let second = scheduler.nextPlan()
        #expect(second.openings.isEmpty && second.closings.isEmpty)
        #expect(second.runs.map { Int($0.count) } == [3])
        _ = Self.complete(&scheduler, second)
        scheduler.forget(images: [7])
        let closing = scheduler.nextPlan()
        #expect(closing.closings == [7])
        _ = scheduler.submit(Self.job("c", prompt: 3, max: 1, images: [Self.image(7, 0..<2, isComing: false)]))
        let third = scheduler.nextPlan()
        let wanted = scheduler.takeWantedImages()
        #expect(wanted == [7])
        #expect(third.openings == [.init(slot: 7, tokens: 2)])
    }

    @Test("an end token, a full answer and a full context end a request")
    func endings() {
        var scheduler = Self.scheduler()
        _ = scheduler.submit(Self.job("a", prompt: 2))
        let first = scheduler.nextPlan()
        let stopped = Self.complete(&scheduler, first, token: 1)
        #expect(stopped.endings.map(\.reason) == [.stop])
        _ = scheduler.submit(Self.job("b", prompt: 2, max: 1))
        let full = Self.step(&scheduler)
        #expect(full.endings.map(\.reason) == [.length])
        #expect(!scheduler.hasSequences)
    }

    @Test("a cancelled request gives its pages back at once, waiting or running")
    func cancelling() {
        var scheduler = Self.scheduler(sequences: 1, pages: 3)
        _ = scheduler.submit(Self.job("a", prompt: 5))
        _ = scheduler.submit(Self.job("b", prompt: 5))
        Self.step(&scheduler)
        let cancelled = ["b", "a", "a"].map { scheduler.cancel(id: $0) }
        #expect(cancelled == [true, true, false])
        #expect(scheduler.load.usedPages == 0)
        let refusal = scheduler.submit(Self.job("c", prompt: 9))
        #expect(refusal == nil)
        let plan = scheduler.nextPlan()
        #expect(plan.runs.count == 1)
    }

    @Test("what can never run is refused with a reason")
    func refusals() {
        var scheduler = Self.scheduler(pages: 3)
        for bad in [
            Self.job("a", prompt: 0), Self.job("b", prompt: 100), Self.job("c", prompt: 11),
            Self.job("d", prompt: 2, max: 0), Self.job("e", prompt: 5, images: [Self.image(1, 3..<9)]),
        ] {
            let reason = scheduler.submit(bad)
            #expect(reason != nil, "\(bad.id) was taken")
        }
        #expect(!scheduler.hasSequences)
    }
}
