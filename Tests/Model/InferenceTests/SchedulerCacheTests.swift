import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("The scheduler's pages: sharing, giving up, coming back")
struct SchedulerCacheTests {
    typealias Tests = SchedulerTests

    /// Runs until nothing is left; the tokens of a sequence are a function of its own tokens alone.
    static func run(_ scheduler: inout Scheduler, steps limit: Int = 5000) -> [String: [Int32]] {
        var tokens: [String: [Int32]] = [:]
        var steps = 0
        while scheduler.hasSequences && steps < limit {
            steps += 1
            let plan = scheduler.nextPlan()
            var choices: [Int: [Int32?]] = [:]
            for row in plan.logitsRows {
                let sequence = scheduler.sequence(ofRun: row.run)
                choices[row.run] = [100 + sequence.tokens.reduce(0) { ($0 &* 31 &+ $1) & 0xFF }]
            }
            var report = StepReport()
            _ = scheduler.complete(plan, choices: choices, report: &report)
            for new in report.tokens { tokens[new.id, default: []] += new.ids }
        }
        #expect(!scheduler.hasSequences, "something never ended")
        #expect(scheduler.load.usedPages == 0, "pages leaked")
        return tokens
    }

    @Test("a prompt that begins as an earlier one takes its full pages over, but computes its last token")
    func sharing() {
        var scheduler = Tests.scheduler(chunk: 100, pages: 20)
        let prompt = (0..<12).map { Int32($0 + 10) }
        _ = scheduler.submit(Tests.job("a", prompt: prompt, max: 1))
        let first = Tests.step(&scheduler)
        #expect(first.report.keptPages.count == 3)
        _ = scheduler.submit(Tests.job("b", prompt: prompt, max: 1))
        let again = scheduler.nextPlan()
        #expect(again.runs.map { Int($0.count) } == [4])
        let second = Tests.complete(&scheduler, again)
        #expect(second.endings.first?.cachedTokens == 8)
        _ = scheduler.submit(Tests.job("c", prompt: Array(prompt[..<6]) + [99, 98, 97, 96], max: 1))
        let other = scheduler.nextPlan()
        #expect(other.runs.map { Int($0.count) } == [6])
    }

    @Test("two pictures with the same tokens do not share a page, one picture under two numbers does")
    func picturesAreTold() {
        var scheduler = Tests.scheduler(chunk: 100, pages: 20)
        let prompt = Array(repeating: Int32(7), count: 9)
        func submit(_ id: String, number: Int32, key: String) -> Int {
            var image = Tests.image(number, 1..<6)
            image.contentKey = key
            _ = scheduler.submit(Tests.job(id, prompt: prompt, max: 1, images: [image]))
            _ = scheduler.tileArrived(image: number, range: 0..<5)
            return Tests.step(&scheduler).endings.first?.cachedTokens ?? -1
        }
        let hits = [
            submit("a", number: 1, key: "cat"), submit("b", number: 2, key: "dog"), submit("c", number: 3, key: "cat"),
        ]
        #expect(hits == [0, 0, 8])
    }

    @Test("a traced request takes nothing from the cache")
    func tracesAreComputed() {
        var scheduler = Tests.scheduler(chunk: 100, pages: 20)
        var job = Tests.job("a", prompt: (0..<12).map { Int32($0) + 10 }, max: 1)
        _ = scheduler.submit(job)
        Tests.step(&scheduler)
        job.trace = true
        job.id = "b"
        _ = scheduler.submit(job)
        let plan = scheduler.nextPlan()
        #expect(plan.runs.map { Int($0.count) } == [12])
    }

    @Test("when pages run out the last admitted gives way, and every answer is the same as alone")
    func preemption() {
        func jobs() -> [GenerateJob] { (0..<6).map { Tests.job("\($0)", prompt: 3 + $0, max: 20) } }
        var alone: [String: [Int32]] = [:]
        for job in jobs() {
            var scheduler = Tests.scheduler(sequences: 1, pages: 10)
            _ = scheduler.submit(job)
            alone.merge(Self.run(&scheduler)) { first, _ in first }
        }
        var scheduler = Tests.scheduler(chunk: 3, sequences: 6, pages: 10)
        for job in jobs() { _ = scheduler.submit(job) }
        var preemptions = 0
        var tokens: [String: [Int32]] = [:]
        while scheduler.hasSequences {
            let plan = scheduler.nextPlan()
            var choices: [Int: [Int32?]] = [:]
            for row in plan.logitsRows {
                let sequence = scheduler.sequence(ofRun: row.run)
                choices[row.run] = [100 + sequence.tokens.reduce(0) { ($0 &* 31 &+ $1) & 0xFF }]
            }
            var report = StepReport()
            _ = scheduler.complete(plan, choices: choices, report: &report)
            preemptions += report.preempted.count
            for new in report.tokens { tokens[new.id, default: []] += new.ids }
        }
        #expect(preemptions > 0)
        #expect(tokens == alone)
    }

    @Test("taken up again from any of its tokens, a request goes on as it would have")
    func replay() {
        let job = Tests.job("a", prompt: 6, max: 12)
        var scheduler = Tests.scheduler(pages: 20)
        _ = scheduler.submit(job)
        let whole = Self.run(&scheduler)["a"] ?? []
        #expect(whole.count == 12)
        for sent in 0..<whole.count {
            var again = job
            again.answerIds = Array(whole[..<sent])
            var other = Tests.scheduler(chunk: 1 + sent % 5, pages: 20)
            _ = other.submit(again)
            let rest = Self.run(&other)["a"]
            #expect(rest == Array(whole[sent...]), "after \(sent) tokens")
        }
    }

    @Test(
        "under random load no page leaks, nothing starves, and what is reported kept is what is known",
        arguments: 0..<8
    )
    func randomLoad(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var scheduler = Tests.scheduler(chunk: 1 + seed, sequences: 1 + seed % 5, pages: 12)
        var known: Set<PageKey> = []
        var open: Set<String> = []
        var submitted = 0
        for step in 0..<4000 {
            if step < 2000, submitted < 200, Int.random(in: 0..<8, using: &random) == 0 {
                let kind = Int.random(in: 0..<4, using: &random)
                let prompt = (0..<Int.random(in: 1..<20, using: &random)).map { Int32($0 + kind * 50) }
                let job = Tests.job("\(submitted)", prompt: prompt, max: Int.random(in: 1..<25, using: &random))
                if scheduler.submit(job) == nil { open.insert(job.id) }
                submitted += 1
            }
            if let victim = open.sorted().first, Int.random(in: 0..<40, using: &random) == 0 {
                let isKnown = scheduler.cancel(id: victim)
                #expect(isKnown)
                open.remove(victim)
            }
            let plan = scheduler.nextPlan(prefillBudget: Int.random(in: 0..<9, using: &random))
            let pages = plan.runs.flatMap(\.pages)
            #expect(pages.allSatisfy { (0..<12).contains($0) })
            let (endings, report) = Tests.complete(&scheduler, plan, token: Int32.random(in: 0..<60, using: &random))
            for ending in endings { open.remove(ending.id) }
            known.subtract(report.droppedPages)
            known.formUnion(report.keptPages)
            #expect(known.count == scheduler.pages.knownCount)
        }
        #expect(open.isEmpty, "\(open.count) requests never ended")
        #expect(scheduler.load.usedPages == 0)
    }
}
