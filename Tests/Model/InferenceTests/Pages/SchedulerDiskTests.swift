import PageFiles
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("Pages that leave memory and come back")
struct SchedulerDiskTests {
    static let pageTokens = 4

    /// A leader and its ranks, and what the process in front knows.
    struct Group {
        var scheduler: Scheduler
        var ranks: ToyRanks
        var known: Set<PageKey> = []
        var tokens: [String: [Int32]] = [:]
        var cached: [String: Int] = [:]
        var open: Set<String> = []
        var cancelled: Set<String> = []

        init(_ ranks: ToyRanks, pages: Int, capacity: Int, chunk: Int, sequences: Int) {
            self.ranks = ranks
            scheduler = Scheduler(
                .init(
                    prefillChunk: chunk,
                    maxSequences: sequences,
                    pages: pages,
                    pageTokens: SchedulerDiskTests.pageTokens,
                    maxPositions: 1000
                )
            )
            let index = DiskIndex(
                capacity: capacity,
                ranks: ranks.disks.count,
                pageBytes: 1,
                stored: ranks.common,
                mostSaves: 2
            )
            known = Set(index.keys)
            scheduler.attach(index)
        }

        mutating func submit(_ job: GenerateJob) {
            if scheduler.submit(job) == nil { open.insert(job.id) }
        }

        mutating func step(_ random: inout SeededRandom, budget: Int = .max, allOutcomes: Bool = false) {
            for outcome in ranks.outcomes(&random, all: allOutcomes) { scheduler.note(outcome) }
            let plan = scheduler.nextPlan(prefillBudget: budget)
            let sequences = plan.runs.indices.map { scheduler.sequence(ofRun: $0).tokens }
            ranks.execute(plan, tokens: sequences)
            var choices: [Int: [Int32?]] = [:]
            for row in plan.logitsRows {
                choices[row.run] = [100 + sequences[row.run].reduce(0) { ($0 &* 31 &+ $1) & 0xFF }]
            }
            var report = StepReport()
            let endings = scheduler.complete(plan, choices: choices, report: &report)
            for new in report.tokens { tokens[new.id, default: []] += new.ids }
            for ending in endings {
                cached[ending.id] = ending.cachedTokens
                open.remove(ending.id)
            }
            known.subtract(report.droppedPages)
            known.formUnion(report.keptPages)
        }

        mutating func run(_ random: inout SeededRandom, limit: Int = 4000) {
            var left = limit
            while scheduler.hasSequences || scheduler.hasPagesToKeep, left > 0 {
                step(&random)
                left -= 1
            }
            #expect(!scheduler.hasSequences, "something never ended")
            #expect(scheduler.load.usedPages == 0, "pages leaked")
        }
    }

    static func ranks(_ count: Int = 2, pages: Int = 10) -> ToyRanks {
        ToyRanks(ranks: count, pages: pages, pageTokens: pageTokens)
    }

    static func prompt(_ kind: Int, _ count: Int) -> [Int32] { (0..<Int32(count)).map { $0 + Int32(kind * 500) } }

    @Test("what was pushed out of memory is read, not computed, and the next group of ranks finds it")
    func comesBack() {
        var random = SeededRandom(seed: 1)
        var group = Group(Self.ranks(), pages: 10, capacity: 100, chunk: 100, sequences: 2)
        group.submit(SchedulerTests.job("a", prompt: Self.prompt(0, 30), max: 1))
        group.run(&random)
        group.submit(SchedulerTests.job("b", prompt: Self.prompt(1, 30), max: 1))
        group.run(&random)
        #expect(group.ranks.common.count == 14 && group.ranks.loads == 0)
        group.submit(SchedulerTests.job("c", prompt: Self.prompt(0, 30), max: 1))
        group.run(&random)
        #expect(group.cached["c"] == 28 && group.ranks.loads > 0)
        #expect(group.tokens["c"] == group.tokens["a"])
        group.ranks.restart(&random)
        var next = Group(group.ranks, pages: 10, capacity: 100, chunk: 100, sequences: 2)
        next.submit(SchedulerTests.job("d", prompt: Self.prompt(1, 30) + [9, 9, 9], max: 3))
        next.run(&random)
        #expect(next.cached["d"] == 28)
    }

    @Test("two that begin alike read a page once; a third that waits for other pages does not wait for theirs")
    func shared() {
        var random = SeededRandom(seed: 2)
        var group = Group(Self.ranks(1, pages: 40), pages: 40, capacity: 100, chunk: 8, sequences: 4)
        group.submit(SchedulerTests.job("a", prompt: Self.prompt(0, 30), max: 1))
        group.run(&random)
        group.ranks.restart(&random)
        var next = Group(group.ranks, pages: 40, capacity: 100, chunk: 8, sequences: 4)
        for name in ["b", "c"] { next.submit(SchedulerTests.job(name, prompt: Self.prompt(0, 30), max: 1)) }
        next.submit(SchedulerTests.job("d", prompt: Self.prompt(3, 5), max: 1))
        let plan = next.scheduler.nextPlan()
        #expect(plan.transfers.count == 7 && plan.runs.count == 1)
        next.ranks.execute(plan, tokens: [next.scheduler.sequence(ofRun: 0).tokens])
        var report = StepReport()
        _ = next.scheduler.complete(plan, choices: [0: [5]], report: &report)
        next.run(&random)
        #expect(next.cached["b"] == 28 && next.cached["c"] == 28 && next.ranks.loads == 7)
    }

    @Test("a disk that does not answer holds nobody up for good")
    func silence() {
        var random = SeededRandom(seed: 3)
        var group = Group(Self.ranks(1, pages: 40), pages: 40, capacity: 100, chunk: 8, sequences: 4)
        group.submit(SchedulerTests.job("a", prompt: Self.prompt(0, 30), max: 1))
        group.run(&random)
        group.ranks.restart(&random)
        var next = Group(group.ranks, pages: 40, capacity: 100, chunk: 100, sequences: 4)
        next.submit(SchedulerTests.job("b", prompt: Self.prompt(0, 30), max: 1))
        _ = next.scheduler.nextPlan()
        let idle = next.scheduler.nextPlan()
        #expect(next.scheduler.isAwaitingPages && idle.runs.isEmpty)
        next.scheduler.stopAwaitingPages()
        let plan = next.scheduler.nextPlan()
        #expect(plan.runs.map { Int($0.count) } == [30])
    }

    @Test(
        "under random load with failing disks and ranks that are killed, every page read is the page that was computed",
        arguments: 0..<24
    )
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let pages = 12 + seed % 3 * 8
        var ranks = Self.ranks(1 + seed % 3, pages: pages)
        ranks.loadFailures = seed % 4 == 1 ? 100 : 0
        ranks.saveFailures = seed % 8 == 5 ? 10 : 0
        var jobs: [String: GenerateJob] = [:]
        var answers: [String: [Int32]] = [:]
        for life in 0..<6 {
            let capacity = [6, 20, 1000][(seed + life) % 3]
            var group = Group(ranks, pages: pages, capacity: capacity, chunk: 1 + seed % 9, sequences: 1 + seed % 5)
            for step in 0..<600 {
                if step < 400, Int.random(in: 0..<8, using: &random) == 0 {
                    let kind = Int.random(in: 0..<4, using: &random)
                    let prompt = Self.prompt(kind, Int.random(in: 1..<34, using: &random))
                    let id = "\(life) \(step)"
                    let job = SchedulerTests.job(id, prompt: prompt, max: Int.random(in: 1..<12, using: &random))
                    jobs[id] = job
                    group.submit(job)
                }
                if Int.random(in: 0..<60, using: &random) == 0, let victim = group.open.sorted().first {
                    let isKnown = group.scheduler.cancel(id: victim)
                    #expect(isKnown)
                    group.open.remove(victim)
                    group.tokens[victim] = nil
                    group.cancelled.insert(victim)
                }
                if seed % 4 == 2, Int.random(in: 0..<100, using: &random) == 0 { group.ranks.damage(&random) }
                if seed % 6 == 3, Int.random(in: 0..<100, using: &random) == 0 { group.scheduler.stopAwaitingPages() }
                group.step(&random, budget: Int.random(in: 0..<9, using: &random))
                let disk = Set(group.scheduler.disk?.keys ?? [])
                #expect(disk.count <= capacity)
                #expect(disk.isSubset(of: group.known) && group.known.count >= group.scheduler.pages.knownCount)
                #expect(group.known.allSatisfy { disk.contains($0) || group.scheduler.pages.page($0) != nil })
            }
            if life % 2 == 0 { group.run(&random) }
            for (id, tokens) in group.tokens where !group.open.contains(id) { answers[id] = tokens }
            ranks = group.ranks
            ranks.restart(&random)
        }
        #expect(answers.count > 20)
        for (id, tokens) in answers {
            var sequence = jobs[id]?.promptIds ?? []
            for token in tokens {
                #expect(token == 100 + sequence.reduce(0) { ($0 &* 31 &+ $1) & 0xFF })
                sequence.append(token)
            }
        }
    }
}
