import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("Drafts that are looked up")
struct LookedUpDraftTests {
    static let pageTokens = 4

    static func drafts() -> Drafts { Drafts(SpeculationStormTests.Toy(pages: 9, sequences: 1, draftRows: 16).limits) }

    /// What a text is taken to go on with.
    static func draft(_ text: [Int32], most: Int = 16, stops: [Int32] = []) -> [Int32] {
        var job = SchedulerTests.job("a", prompt: text, max: 50)
        job.stopIds = stops
        var (sequence, drafts) = (JobSequence(job, number: 1), drafts())
        _ = drafts.find(for: &sequence, most: most, pageTokens: pageTokens)
        #expect(sequence.draft.count == sequence.draftKinds.count)
        return sequence.draft
    }

    @Test("what most of the last tokens say, token by token, and no further than something is known")
    func longest() {
        #expect(Self.draft([7, 1, 2, 3, 4, 9, 2, 3, 5, 9, 7, 1, 2, 3], most: 1) == [4])
        #expect(Self.draft([7, 1, 2, 3, 4, 9, 2, 3, 5, 9, 8, 1, 2, 3], most: 1) == [5])
        #expect(Self.draft([8, 2, 3, 4, 5, 6]) == [])
        #expect(Self.draft([]) == [])
        #expect(Self.draft([1, 2, 3, 4, 5, 6, 20, 21, 1, 2], most: 9).starts(with: [3, 4, 5]))
    }

    @Test("a repetition goes on, as long as it is wanted; behind an end of the answer nothing does")
    func repetition() {
        #expect(Self.draft([9, 1, 2, 3, 1, 2, 3, 1, 2], most: 5) == [3, 1, 2, 3, 1])
        #expect(Self.draft([5, 5, 5], most: 3) == [5, 5, 5])
        #expect(Self.draft([9, 1, 2, 3, 1, 2, 3, 1, 2], most: 8, stops: [1]) == [3, 1])
    }

    @Test("a long copy is followed, though its last tokens came often since")
    func source() {
        let original = (0..<40).map { Int32(100 + $0) }
        var text = original
        for place in 0..<200 { text += [110, 111, Int32(500 + place)] }
        #expect(Self.draft(text + original[5..<12], most: 6) == Array(original[12..<18]))
    }

    /// A question about a picture, and its answer as far as it has come.
    static func sequence(
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

    @Test("an asker's earlier answers, behind those to the same prompt; nobody else's but to that")
    func answers() throws {
        func draft(
            _ drafts: inout Drafts,
            _ content: String,
            _ visual: Int,
            _ question: [Int32],
            asker: Int = 1
        ) -> [Int32] {
            var asked = Self.sequence(content, visual: visual, question: question, answer: [30, 31], asker: asker)
            _ = drafts.find(for: &asked, most: 3, pageTokens: Self.pageTokens)
            return asked.draft
        }
        let (question, other): ([Int32], [Int32]) = ([7, 8, 9, 10], [7, 8, 9, 11])
        var drafts = Self.drafts()
        func keep(_ sequence: JobSequence) { drafts.keep(sequence, pageTokens: Self.pageTokens) }
        keep(Self.sequence("a", visual: 3, question: question, answer: [30, 31, 32, 33]))
        #expect(draft(&drafts, "b", 6, question) == [32, 33])
        #expect(draft(&drafts, "b", 6, other) == [32, 33])
        #expect(draft(&drafts, "b", 6, other, asker: 2) == [])
        keep(Self.sequence("b", visual: 6, question: question, answer: [30, 31, 40, 41, 42]))
        #expect(draft(&drafts, "a", 3, question) == [32, 33])
        #expect(draft(&drafts, "b", 6, question) == [40, 41, 42])
        #expect(draft(&drafts, "c", 1, question) == [40, 41, 42])
        // A stranger learns of nobody's pictures, but shares what both can see.
        #expect(draft(&drafts, "c", 1, question, asker: 2) == [])
        #expect(draft(&drafts, "b", 6, question, asker: 2) == [40, 41, 42])
        keep(Self.sequence("s", visual: 3, question: [1, 2, 3, 4], answer: [30, 31, 9], asker: 3, speculates: false))
        #expect(draft(&drafts, "s", 3, [1, 2, 3, 4], asker: 3) == [])
    }

    @Test("visual tokens are gaps: they are neither drafts nor what drafts are made from")
    func pictures() {
        var drafts = Self.drafts()
        var asked = Self.sequence("a", visual: 9, question: [7, 8, 5, 6], answer: [])
        #expect(!drafts.find(for: &asked, most: 3, pageTokens: Self.pageTokens) || asked.draft.first != 2)
        #expect(asked.text?.followers[TextEnd([5, 6]).contexts[1]] == nil)
    }
}
