import Constraints
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("The scheduler with drafts")
struct SpeculationStormTests {
    /// A group of ranks without a model: a cache of pages in which each place holds what a key and a value depend on, all
    /// tokens up to it; and a next token that is a function of those alone.
    struct Toy {
        var scheduler: Scheduler
        let limits: Scheduler.Limits
        let pageTokens = 4
        var cache: [[UInt64]]
        var tokens: [String: [Int32]] = [:]
        var endings: [String: FinishReason] = [:]
        var steps = 0
        var (drafted, accepted) = (0, 0)
        /// Rows of the last step, where it took no prompts in.
        var rows: Int?
        /// What the last step brought.
        var news: [StepReport.Tokens] = []
        /// The model: the next token by what comes before it.
        var model: (UInt64, Int) -> Int32 = Toy.next

        init(pages: Int, sequences: Int, draftRows: Int, lead: Int = 0) {
            limits = .init(
                prefillChunk: 11,
                maxSequences: sequences,
                pages: pages,
                pageTokens: pageTokens,
                maxPositions: 120,
                draftRows: draftRows,
                lead: lead
            )
            scheduler = Scheduler(limits)
            cache = Array(repeating: Array(repeating: 0, count: pageTokens), count: pages)
        }

        static func mix(_ state: UInt64, _ token: Int32) -> UInt64 {
            var z = (state ^ UInt64(UInt32(bitPattern: token))) &* 0x9E37_79B9_7F4A_7C15
            z ^= z >> 29
            return z &* 0xBF58_476D_1CE4_E5B9 ^ (z >> 32)
        }

        /// Repeats itself often, and surprises now and then.
        static func next(_ state: UInt64, _ position: Int) -> Int32 {
            if state % 7 == 0 { return Int32(2 + state / 7 % 4) }
            return Int32(10 + position % 3)
        }

        /// The token that was chosen, or one that a format allows in its place.
        static func kept(_ token: Int32, _ state: UInt64, _ allowed: AllowedTokens?) -> Int32 {
            guard let allowed, !allowed.contains(token) else { return token }
            let tokens = allowed.mask.tokens
            return tokens[Int(state / 11 % UInt64(tokens.count))]
        }

        /// Puts a job in line, with what its format allows.
        mutating func submit(_ job: GenerateJob) -> JobRefusal? {
            scheduler.submit(job, constraint: job.format.map { ToyFormats.constraint($0) })
        }

        /// Carries a plan out as a rank would: from what the pages hold.
        mutating func step() {
            let plan = scheduler.nextPlan()
            #expect(plan.tokens.count <= limits.maxRows && plan.runs.count <= limits.maxRuns)
            #expect(plan.logitsRows.count <= limits.maxLogitsRows)
            var choices: [Int: [Int32?]] = [:]
            var row = 0
            for (number, run) in plan.runs.enumerated() {
                let start = Int(run.start)
                for position in start..<(start + Int(run.count)) {
                    let before = position == 0 ? 1 : at(position - 1, run)
                    set(position, run, Self.mix(before, plan.tokens[row]))
                    row += 1
                    guard run.logits != .none, position >= start + Int(run.count - run.drafts) - 1 else { continue }
                    let drafts = position - (start + Int(run.count - run.drafts) - 1)
                    let allowed = scheduler.sequence(ofRun: number).allowed(behind: drafts)
                    let state = at(position, run)
                    choices[number, default: []].append(Self.kept(model(state, position), state, allowed))
                }
            }
            var report = StepReport()
            let ended = scheduler.complete(plan, choices: choices, report: &report)
            steps += 1
            rows = plan.tokens.count == plan.logitsRows.count ? plan.tokens.count : nil
            news = report.tokens
            for new in report.tokens {
                tokens[new.id, default: []] += new.ids
                let draft = new.draft ?? .init(drafted: 0, accepted: 0)
                drafted += draft.drafted
                accepted += draft.accepted
                #expect(draft.accepted <= draft.drafted && new.ids.count <= draft.drafted + 1)
            }
            for ending in ended { endings[ending.id] = ending.reason }
        }

        private func at(_ position: Int, _ run: StepPlan.Run) -> UInt64 {
            cache[Int(run.pages[position / pageTokens])][position % pageTokens]
        }

        private mutating func set(_ position: Int, _ run: StepPlan.Run, _ state: UInt64) {
            cache[Int(run.pages[position / pageTokens])][position % pageTokens] = state
        }
    }

    /// The answer by itself: the function, token after token, with the guard over thinking as the ranks have it.
    static func answer(_ job: GenerateJob) -> [Int32] {
        var state: UInt64 = 1
        for token in job.promptIds { state = Toy.mix(state, token) }
        var position = job.promptIds.count - 1
        var answer: [Int32] = []
        var watch = job.thinking.map { ThinkGuard($0) }
        var format = job.format.map { FormatGuard(ToyFormats.constraint($0), job) }
        while true {
            let chosen = Toy.kept(Toy.next(state, position), state, format?.allowed)
            let guarded = watch?.replace(chosen) ?? chosen
            let token = format?.replace(guarded) ?? guarded
            watch?.append(token)
            format?.append(token)
            answer.append(token)
            if job.finishReason(last: token, count: answer.count) != nil { return answer }
            if job.promptIds.count + answer.count >= 120 { return answer }
            state = Toy.mix(state, token)
            position += 1
        }
    }

    static func job(_ number: Int, _ random: inout SeededRandom) -> GenerateJob {
        let prompt = (0..<Int.random(in: 1...30, using: &random)).map { _ in Int32.random(in: 2...13, using: &random) }
        var job = SchedulerTests.job("\(number)", prompt: prompt, max: Int.random(in: 1...80, using: &random))
        job.stopIds = Int.random(in: 0..<3, using: &random) == 0 ? [3] : [1]
        if Int.random(in: 0..<4, using: &random) == 0 {
            job.thinking = .init(startId: 2, endId: 4, budget: Int.random(in: 0...9, using: &random))
        }
        job.speculates = Int.random(in: 0..<6, using: &random) > 0
        if Int.random(in: 0..<3, using: &random) == 0 { job.format = ToyFormats.all.randomElement(using: &random) }
        return job
    }

    @Test("every token is what it is alone: in company, after preemption, cancels and replays", arguments: 0..<40)
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let isTight = seed % 2 == 0
        var toy = Toy(pages: isTight ? 45 : 400, sequences: 1 + seed % 5, draftRows: [1, 3, 16][seed % 3])
        var jobs: [String: GenerateJob] = [:]
        var cancelled: Set<String> = []
        for number in 0..<60 {
            var job = Self.job(number, &random)
            if number % 3 == 2, let earlier = jobs["\(number - 2)"] { job.promptIds = earlier.promptIds }
            // Taken up again behind tokens that an earlier group has given.
            let answer = Self.answer(job)
            if number % 4 == 3, answer.count > 1 { job.answerIds = Array(answer.prefix(answer.count / 2)) }
            jobs[job.id] = job
            // A format may still be in the making for some steps.
            let constraint = job.format.map { ToyFormats.constraint($0) }
            let isLate = constraint != nil && number % 2 == 1
            #expect(toy.scheduler.submit(job, constraint: isLate ? nil : constraint, awaitsFormat: isLate) == nil)
            if isLate { for _ in 0..<number % 5 { toy.step() } }
            if isLate, let constraint { toy.scheduler.constrain(id: job.id, constraint) }
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                toy.step()
                toy.scheduler.note(rows: 1 + toy.steps % 4, seconds: Double.random(in: 0.9...1.1, using: &random))
            }
            if number % 7 == 5, toy.scheduler.cancel(id: "\(number - 1)") { cancelled.insert("\(number - 1)") }
        }
        while toy.scheduler.hasSequences, toy.steps < 20_000 { toy.step() }
        #expect(!toy.scheduler.hasSequences && toy.scheduler.load.usedPages == 0)
        for (id, job) in jobs {
            let whole = job.answerIds + (toy.tokens[id] ?? [])
            let expected = Self.answer(job)
            #expect(cancelled.contains(id) ? Array(expected.prefix(whole.count)) == whole : whole == expected, "\(id)")
        }
        #expect(toy.drafted > toy.accepted && toy.accepted > 100, "\(toy.accepted) of \(toy.drafted) drafts were right")
    }

    @Test("what is asked again is drafted whole, in a few steps")
    func again() {
        var random = SeededRandom(seed: 3)
        var toy = Toy(pages: 400, sequences: 2, draftRows: 16)
        var job = Self.job(0, &random)
        (job.promptIds, job.sampling.maxTokens, job.stopIds) = (Array(2..<12), 80, [])
        (job.thinking, job.speculates, job.format) = (nil, true, nil)
        var steps: [Int] = []
        for number in 0..<2 {
            job.id = "\(number)"
            _ = toy.scheduler.submit(job)
            let before = toy.steps
            while toy.scheduler.hasSequences { toy.step() }
            steps.append(toy.steps - before)
            #expect(toy.tokens[job.id] == Self.answer(job))
        }
        #expect(steps[1] * 2 < steps[0], "\(steps)")
    }

    @Test("what a format asks for is drafted, though it never came before")
    func forced() {
        var toy = Toy(pages: 400, sequences: 2, draftRows: 16)
        var job = SchedulerTests.job("a", prompt: Array(5..<9), max: 80)
        job.format = .regex("(?:klm){20}")
        let constraint = ToyFormats.constraint(.regex("(?:klm){20}"))
        _ = toy.scheduler.submit(job, constraint: constraint)
        while toy.scheduler.hasSequences { toy.step() }
        let tokens = toy.tokens["a"] ?? []
        #expect(tokens == Self.answer(job) && toy.endings["a"] == .stop)
        #expect(toy.accepted > 10 && toy.steps < tokens.count - 10, "\(toy.accepted) of \(toy.drafted)")
    }

    @Test("no drafts while a prompt is read, for a trace, and where they are not wanted")
    func none() {
        for reason in 0..<3 {
            var toy = Toy(pages: 400, sequences: 2, draftRows: 16)
            var job = SchedulerTests.job("a", prompt: Array(repeating: 7, count: 9), max: 30)
            (job.trace, job.speculates) = (reason == 0, reason != 1)
            _ = toy.scheduler.submit(job)
            if reason == 2 { _ = toy.scheduler.submit(SchedulerTests.job("long", prompt: 110, max: 1)) }
            for _ in 0..<9 { toy.step() }
            #expect(toy.drafted == 0)
        }
    }
}
