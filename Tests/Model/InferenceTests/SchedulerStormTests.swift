import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("Short prompts among long ones")
struct SchedulerStormTests {
    /// A leader without a model: the scheduler, the pacer, and a machine whose steps take a known time.
    struct Toy {
        var scheduler: Scheduler
        var pacer: StepPacer
        let limits: Scheduler.Limits
        var steps = 0
        /// By job: prompt tokens, step of submission, of the first token, and of the end.
        var prompts: [String: Int] = [:]
        var submitted: [String: Int] = [:]
        var answered: [String: Int] = [:]
        var ended: [String: Int] = [:]
        /// By step: tokens of prompts that were computed.
        var read: [Int] = []
        /// Steps in which a short prompt asked for more than the pacer granted.
        var overloaded: Set<Int> = []

        init(chunk: Int = 64, sequences: Int = 4, pages: Int = 4000, slowdown: Double? = 1.2) {
            limits = .init(
                prefillChunk: chunk,
                maxSequences: sequences,
                pages: pages,
                pageTokens: 16,
                maxPositions: 100_000
            )
            scheduler = Scheduler(limits)
            pacer = StepPacer(slowdown: slowdown, chunk: chunk)
        }

        mutating func submit(_ id: String, prompt: Int, max: Int) {
            let first = Int32(prompts.count * 7 + 10)
            let job = SchedulerTests.job(id, prompt: (0..<Int32(prompt)).map { first &+ $0 &* 3 }, max: max)
            #expect(scheduler.submit(job) == nil)
            prompts[id] = prompt
            submitted[id] = steps
        }

        mutating func step() {
            let demand = scheduler.prepare()
            let budget = pacer.budget(decoding: demand.decoding, urgent: demand.urgent)
            let plan = scheduler.nextPlan(for: demand, prefillBudget: budget.prompts, urgent: budget.urgent)
            let tokens = plan.tokens.count - demand.decoding
            #expect(tokens <= budget.prompts + budget.urgent)
            #expect(tokens <= limits.prefillChunk)
            #expect(plan.tokens.count <= limits.maxRows)
            #expect(plan.runs.count <= limits.maxRuns)
            #expect(plan.logitsRows.count <= limits.maxSequences)
            let own = budget.prompts - (budget.prompts + 3) / 4
            if demand.urgent > own + budget.urgent { overloaded.insert(steps) }
            let (endings, report) = SchedulerTests.complete(&scheduler, plan)
            let seconds = 0.010 + 0.001 * Double(tokens)
            if !plan.runs.isEmpty { pacer.note(decoding: demand.decoding, prompt: tokens, seconds: seconds) }
            read.append(tokens)
            steps += 1
            for new in report.tokens { answered[new.id] = answered[new.id] ?? steps }
            for ending in endings { ended[ending.id] = steps }
        }

        mutating func run(steps limit: Int) {
            var left = limit
            while scheduler.hasSequences, left > 0 {
                step()
                left -= 1
            }
        }

        /// Steps from the submission to the first token.
        func wait(_ id: String) -> Int? { answered[id].flatMap { end in submitted[id].map { end - $0 } } }
    }

    @Test("three steps of company for a short prompt, whatever is being read", arguments: [nil, 1.05, 1.2, 2.0])
    func promise(slowdown: Double?) {
        for streams in 0..<3 {
            for short in [1, 7, 30, 64] {
                var toy = Toy(slowdown: slowdown)
                for stream in 0..<streams { toy.submit("stream \(stream)", prompt: 3, max: 10_000) }
                toy.step()
                toy.submit("long", prompt: 5000, max: 3)
                // Long enough that a step is to be measured at some of these moments.
                for moment in 0..<30 {
                    toy.step()
                    toy.submit("short \(moment)", prompt: short, max: 1)
                    toy.run(steps: 3)
                    #expect((toy.wait("short \(moment)") ?? 99) <= 3, "\(short) tokens beside \(streams) streams")
                    toy.run(steps: 60)
                }
            }
        }
    }

    @Test("also where long prompts have all the places, though not where as many decode as may")
    func places() {
        var toy = Toy(sequences: 4)
        for number in 0..<6 { toy.submit("long \(number)", prompt: 5000, max: 2) }
        toy.step()
        toy.submit("short", prompt: 20, max: 400)
        toy.run(steps: 3)
        #expect((toy.wait("short") ?? 99) <= 3)
        toy.run(steps: 100_000)
        #expect(toy.ended.count == 7)
        #expect(toy.scheduler.load.usedPages == 0)
    }

    @Test("also where a long prompt waits for pages; but it is passed so often and no more")
    func pages() {
        var toy = Toy(sequences: 4, pages: 70)
        toy.submit("first", prompt: 500, max: 300)
        toy.submit("second", prompt: 700, max: 3)
        toy.step()
        toy.submit("short", prompt: 20, max: 2)
        toy.run(steps: 3)
        #expect((toy.wait("short") ?? 99) <= 3)
        var passed = 0
        for number in 0..<400 {
            guard let second = toy.scheduler.waiting.first(where: { $0.job.id == "second" }) else { break }
            passed = second.timesPassed
            toy.submit("flood \(number)", prompt: 20, max: 30)
            toy.step()
        }
        #expect(passed == toy.limits.passesAllowed)
        toy.run(steps: 20_000)
        #expect(toy.ended.count == toy.submitted.count)
    }

    @Test("a long prompt is read however many short ones come, and loses no more than their own work")
    func noStarvation() {
        var toy = Toy(slowdown: nil)
        toy.submit("long", prompt: 6400, max: 1)
        var number = 0
        while toy.answered["long"] == nil, toy.steps < 10_000 {
            // More than a step can take.
            for _ in 0..<3 {
                number += 1
                toy.submit("short \(number)", prompt: 60, max: 1)
            }
            toy.step()
        }
        #expect(toy.steps <= 6400 / 16 + 1)
        #expect(toy.read.allSatisfy { $0 == 64 }, "a step was left unused")
    }

    @Test("a storm of arrivals: nothing starves, budgets hold, short ones come first", arguments: 0..<12)
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let isTight = seed % 3 == 0
        var toy = Toy(
            sequences: 3 + seed % 4,
            pages: isTight ? 90 : 4000,
            slowdown: seed % 4 == 0 ? nil : 1.1 + 0.1 * Double(seed % 4)
        )
        var shorts: Set<String> = []
        while toy.steps < 4000 {
            if Int.random(in: 0..<60, using: &random) == 0 {
                let isShort = Int.random(in: 0..<4, using: &random) > 0
                let prompt = Int.random(in: isShort ? 1...40 : 200...900, using: &random)
                let id = "\(isShort ? "short" : "long") \(toy.prompts.count)"
                toy.submit(id, prompt: prompt, max: Int.random(in: 1...60, using: &random))
                // All of them can decode at once, and there are pages for all.
                if isShort, !isTight, toy.scheduler.load.running < toy.limits.maxSequences { shorts.insert(id) }
            }
            if Int.random(in: 0..<200, using: &random) == 0, let victim = toy.submitted.keys.sorted().last {
                if toy.scheduler.cancel(id: victim) {
                    toy.submitted[victim] = nil
                    shorts.remove(victim)
                }
            }
            toy.step()
        }
        toy.run(steps: 200_000)
        #expect(toy.ended.count == toy.submitted.count, "something never ended")
        #expect(toy.scheduler.load.usedPages == 0)
        for id in shorts {
            let begin = toy.submitted[id] ?? 0
            let wait = toy.wait(id) ?? 99
            let wasFull = (begin..<(begin + wait)).contains { toy.overloaded.contains($0) }
            #expect(wait <= 3 || wasFull, "\(id) waited \(wait) steps")
        }
        #expect(isTight || shorts.count > 10)
    }
}
