import Requests
import TestSupport
import Testing

@testable import Inference

/// Answers of receipts, computed again over the toy model of the speculation's storm.
@Suite("The scheduler with claimed answers")
struct ClaimTests {
    typealias Toy = SpeculationStormTests.Toy

    private static func verify(_ job: GenerateJob, draftRows: Int = 16) -> Toy {
        var toy = Toy(pages: 400, sequences: 1, draftRows: draftRows)
        #expect(toy.submit(job) == nil)
        while toy.scheduler.hasSequences, toy.steps < 1000 { toy.step() }
        #expect(toy.scheduler.load.usedPages == 0)
        return toy
    }

    @Test("a right one is confirmed in a few steps, with its end", arguments: 0..<40)
    func right(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var job = SpeculationStormTests.job(seed, &random)
        let answer = SpeculationStormTests.answer(job)
        job.claim = answer
        for rows in [0, 3, 16] {
            let toy = Self.verify(job, draftRows: rows)
            #expect(toy.tokens[job.id] == answer)
            let last = answer[answer.count - 1]
            let expected = job.stopIds.contains(last) ? FinishReason.stop : .length
            #expect(toy.endings[job.id] == expected)
            let prefill = (job.promptIds.count + 10) / 11
            #expect(toy.steps <= prefill + (answer.count - 1 + rows) / (rows + 1), "\(toy.steps) steps")
            #expect(toy.accepted == toy.drafted)
        }
    }

    @Test("a wrong token ends it there, with the right one", arguments: 0..<40)
    func wrong(seed: Int) {
        var random = SeededRandom(seed: UInt64(100 + seed))
        var job = SpeculationStormTests.job(seed, &random)
        let answer = SpeculationStormTests.answer(job)
        let place = Int.random(in: answer.indices, using: &random)
        job.claim = answer
        job.claim?[place] = 99
        let toy = Self.verify(job, draftRows: [1, 16][seed % 2])
        #expect(toy.tokens[job.id] == Array(answer[...place]))
    }

    @Test("one that was cut off ends behind its last token, and one that is too long where the answer does")
    func lengths() {
        var random = SeededRandom(seed: 9)
        var job = SpeculationStormTests.job(1, &random)
        (job.sampling.maxTokens, job.stopIds, job.promptIds) = (60, [], [5, 6, 7])
        let answer = SpeculationStormTests.answer(job)
        job.claim = Array(answer.prefix(33))
        var toy = Self.verify(job)
        #expect(toy.tokens[job.id] == job.claim && toy.endings[job.id] == .cancelled)
        job.claim = answer + [7, 7]
        toy = Self.verify(job)
        #expect(toy.tokens[job.id] == answer && toy.endings[job.id] == .length)
    }

    @Test("beside others no step has more rows than it may, and everybody's tokens are right", arguments: 0..<20)
    func company(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var toy = Toy(pages: seed % 2 == 0 ? 60 : 400, sequences: 4, draftRows: 1 + seed % 16)
        var jobs: [GenerateJob] = []
        for number in 0..<24 {
            var job = SpeculationStormTests.job(number, &random)
            let answer = SpeculationStormTests.answer(job)
            if number % 2 == 0 { job.claim = answer }
            // Taken up again behind tokens that a lost group had computed.
            if number % 6 == 0, answer.count > 2 { job.answerIds = Array(answer.prefix(answer.count / 2)) }
            jobs.append(job)
            #expect(toy.submit(job) == nil)
            toy.step()
        }
        while toy.scheduler.hasSequences, toy.steps < 20_000 { toy.step() }
        for job in jobs {
            #expect(job.answerIds + (toy.tokens[job.id] ?? []) == SpeculationStormTests.answer(job), "\(job.id)")
        }
    }

    @Test("the cache needs room for the claimed answer, not for all that was allowed")
    func room() {
        var job = SchedulerTests.job("a", prompt: [5, 6, 7], max: 90)
        let limits = Scheduler.Limits(
            prefillChunk: 8,
            maxSequences: 1,
            pages: 3,
            pageTokens: 4,
            maxPositions: 100,
            draftRows: 4
        )
        var scheduler = Scheduler(limits)
        #expect(scheduler.submit(job)?.kind == .tooLong)
        job.claim = Array(repeating: 5, count: 9)
        #expect(scheduler.submit(job) == nil)
    }
}
