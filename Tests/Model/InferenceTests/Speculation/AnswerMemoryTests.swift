import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("Answers of late")
struct AnswerMemoryTests {
    static func prompt(_ number: Int) -> AnswerMemory.Source { .prompt(PageKey(high: UInt64(number), low: 2)) }

    @Test("of each prompt and asker those of late are kept, in bounded memory; what was used longest ago goes first")
    func bounded() throws {
        var random = SeededRandom(seed: 4)
        var memory = AnswerMemory(maxTokens: 60_000)
        // Of 450,000 names in large tables, some are another's in the same answer.
        var wrong = 0
        for number in 0..<300 {
            let source: AnswerMemory.Source = number % 3 == 0 ? .asker(number % 4) : Self.prompt(number % 5)
            let answer = (0..<Int.random(in: 1...3000, using: &random)).map { Int32(1000 * number + $0) }
            memory.keep(answer, after: TextEnd(seed: FollowerTableTests.seed), of: source)
            let followers = try #require(memory.followers(source))
            #expect(followers.tokenCount <= 2 * source.tokens && memory.tokenCount <= 60_000)
            #expect(memory.byteCount <= 160 * 60_000 + 4096)
            for place in answer.indices.dropFirst() {
                let name = TextEnd([answer[place - 1]], seed: FollowerTableTests.seed).contexts[0]
                if followers[name]?.token != answer[place] { wrong += 1 }
            }
        }
        #expect(wrong < 10)
    }

    @Test("what is used stays, and nothing is kept where there is no room")
    func order() {
        var memory = AnswerMemory(maxTokens: 20)
        for number in 1...2 { memory.keep([1, 2, 3, 4, 5, 6, 7, 8], after: TextEnd(), of: Self.prompt(number)) }
        memory.touch(Self.prompt(1))
        memory.keep([1, 2, 3, 4, 5, 6, 7, 8], after: TextEnd(), of: Self.prompt(3))
        #expect(memory.followers(Self.prompt(1)) != nil && memory.followers(Self.prompt(2)) == nil)
        #expect(memory.tokenCount == 16)
        var none = AnswerMemory(maxTokens: 0)
        none.keep([1], after: TextEnd(), of: .asker(1))
        #expect(none.tokenCount == 0 && none.followers(.asker(1)) == nil)
    }

    @Test("what falls out of use goes, what is used goes on")
    func generations() {
        var memory = AnswerMemory.Followers()
        func name(_ token: Int32) -> UInt32 { TextEnd([token]).contexts[0] }
        memory.note(2, after: TextEnd([1]).contexts, most: 10)
        memory.note(4, after: TextEnd([3]).contexts, most: 10)
        for round in 0..<4 {
            for other in 0..<9 { memory.note(9, after: TextEnd([Int32(100 + 10 * round + other)]).contexts, most: 10) }
            memory.note(2, after: TextEnd([1]).contexts, most: 10)
        }
        #expect(memory[name(1)] == .init(token: 2, times: 5) && memory[name(3)] == nil)
        #expect(memory.tokenCount <= 20)
    }
}
