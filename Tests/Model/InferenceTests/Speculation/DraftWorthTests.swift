import Requests
import TestSupport
import Testing

@testable import Inference

/// What drafts bring and cost, in steps that take as long as a table says.
@Suite("Whether drafts are worth their rows")
struct DraftWorthTests {
    typealias Toy = SpeculationStormTests.Toy

    /// Answers one after the other whose every token is one of `choices`, drawn anew.
    ///
    /// - Parameter cost: of a row more, in steps of one row.
    /// - Returns: steps of one row in the time that a token took, and what became of drafts.
    static func worth(choices: UInt64, cost: Double, jobs: Int = 60) -> (gain: Double, drafted: Int, accepted: Int) {
        var random = SeededRandom(seed: choices)
        var toy = Toy(pages: 400, sequences: 1, draftRows: 16)
        toy.model = { state, _ in Int32(10 + (state >> 17) % choices) }
        var (seconds, tokens) = (0.0, 0)
        for number in 0..<jobs {
            let prompt = (0..<20).map { _ in Int32.random(in: 10..<Int32(10 + choices), using: &random) }
            _ = toy.scheduler.submit(SchedulerTests.job("\(number)", prompt: prompt, max: 90))
            while toy.scheduler.hasSequences {
                toy.step()
                guard let rows = toy.rows else { continue }
                let step = 1 + cost * Double(rows - 1)
                // Now and then something else has the processor.
                toy.scheduler.note(rows: rows, seconds: step * (toy.steps % 19 == 0 ? 1.7 : 1))
                seconds += step
                tokens += toy.news.reduce(0) { $0 + $1.ids.count }
            }
        }
        return (Double(tokens) / seconds, toy.drafted, toy.accepted)
    }

    @Test(
        "something is found for every token and is hardly ever right: at most a fiftieth is lost, whatever rows cost",
        arguments: [5, 10, 40] as [UInt64],
        [0.01, 0.05, 0.2, 0.6]
    )
    func wrong(choices: UInt64, cost: Double) {
        let found = Self.worth(choices: choices, cost: cost)
        #expect(found.drafted > found.accepted)
        #expect(found.gain >= 0.98, "\(found)")
    }

    @Test("what is always the same is drafted as far as rows are worth it")
    func right() {
        #expect(Self.worth(choices: 1, cost: 0.05).gain > 4)
        #expect(Self.worth(choices: 1, cost: 0.6).gain > 1.3)
    }

    @Test("the same words about another picture: the earlier answer is the draft, behind those about the same one")
    func words() throws {
        func sequence(
            _ content: String,
            visual: Int,
            question: [Int32],
            answer: [Int32],
            asker: Int = 1,
            speculates: Bool = true
        ) -> JobSequence {
            let prompt = [5, 6] + Array(repeating: 2, count: visual) + question
            var job = SchedulerTests.job(content, prompt: prompt, max: 50)
            job.images = [GenerateJob.Image(number: 1, contentKey: content, tiles: 1, start: 2, count: visual)]
            (job.asker, job.speculates) = (asker, speculates)
            var sequence = JobSequence(job, number: 1)
            for token in answer { sequence.append(token) }
            return sequence
        }
        func draft(
            _ drafts: inout Drafts,
            _ content: String,
            _ visual: Int,
            _ question: [Int32],
            asker: Int = 1
        ) -> [Int32]? {
            var asked = sequence(content, visual: visual, question: question, answer: [30, 31], asker: asker)
            return drafts.find(for: &asked, most: 3, pageTokens: 4) ? asked.draft : nil
        }
        let (question, other): ([Int32], [Int32]) = ([7, 8, 9, 10], [7, 8, 9, 11])
        var drafts = Drafts(Toy(pages: 9, sequences: 1, draftRows: 16).limits)
        let limit = 4
        drafts.keep(sequence("a", visual: 3, question: question, answer: [30, 31, 32, 33]), pageTokens: limit)
        #expect(draft(&drafts, "b", 6, question) == [32, 33])
        #expect(draft(&drafts, "b", 6, other) == nil)
        drafts.keep(sequence("b", visual: 6, question: question, answer: [30, 31, 40, 41, 42]), pageTokens: limit)
        #expect(draft(&drafts, "a", 3, question) == [32, 33])
        #expect(draft(&drafts, "b", 6, question) == [40, 41, 42])
        #expect(draft(&drafts, "c", 1, question) == [40, 41, 42])
        // A stranger learns of nobody's pictures, but shares what both can see.
        #expect(draft(&drafts, "c", 1, question, asker: 2) == nil)
        #expect(draft(&drafts, "b", 6, question, asker: 2) == [40, 41, 42])
        let silent = sequence("s", visual: 3, question: [1, 2, 3, 4], answer: [30, 31, 9], speculates: false)
        drafts.keep(silent, pageTokens: limit)
        #expect(draft(&drafts, "s", 3, [1, 2, 3, 4]) == nil)
    }

    @Test("of answers those of late are kept, and the latest whole if there is room for it")
    func bounded() {
        var random = SeededRandom(seed: 4)
        var memory = AnswerMemory(maxTokens: 5000)
        let keys = (0..<5).map { PageKey(high: $0, low: 2) }
        for number in 0..<500 {
            let key = keys[Int.random(in: 0..<5, using: &random)]
            let answer = Array(repeating: Int32(number), count: Int.random(in: 1...1500, using: &random))
            memory.keep(answer[...], of: key, most: 1024)
            let kept = memory.answers(to: key).tokens
            #expect(kept.count <= 1024 && memory.tokenCount <= 5000)
            #expect(kept.suffix(min(answer.count, 1024)).elementsEqual(answer.suffix(1024)))
        }
    }
}
