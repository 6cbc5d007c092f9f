import Testing

@testable import Inference

@Suite("How prompts share a step")
struct PromptSharesTests {
    typealias Reader = PromptShares.Reader

    static func reader(_ number: Int, _ remaining: Int, ready: Int? = nil, steps: Int? = nil) -> Reader {
        Reader(number: number, remaining: remaining, ready: ready ?? remaining, stepsLeft: steps)
    }

    @Test("a quarter for the first to come, then short ones by their promise, then the shortest remainder")
    func order() {
        let readers = [
            Self.reader(1, 1000), Self.reader(2, 300), Self.reader(3, 50), Self.reader(4, 20, steps: 3),
            Self.reader(5, 30, steps: 1),
        ]
        #expect(PromptShares.divide(readers, budget: 100) == [25, 0, 25, 20, 30])
        #expect(PromptShares.divide(readers, budget: 500) == [125, 275, 50, 20, 30])
        #expect(PromptShares.divide(readers, budget: 2000) == [1000, 300, 50, 20, 30])
    }

    @Test("tokens for short ones do not go to others")
    func urgent() {
        let readers = [Self.reader(1, 1000), Self.reader(2, 20, steps: 2)]
        #expect(readers.map(\.urgent) == [0, 10])
        #expect(PromptShares.divide(readers, budget: 2, urgent: 9) == [1, 10])
        #expect(PromptShares.divide(readers, budget: 1, urgent: 10) == [1, 10])
    }

    @Test("one that waits for its picture leaves its share to the next, and promises nothing yet")
    func waiting() {
        let readers = [Self.reader(1, 1000, ready: 0), Self.reader(2, 40, ready: 3, steps: 3), Self.reader(3, 500)]
        #expect(readers.map(\.urgent) == [0, 0, 0])
        #expect(PromptShares.divide(readers, budget: 16) == [0, 3, 13])
        #expect(PromptShares.divide([], budget: 16) == [])
        #expect(PromptShares.divide(readers, budget: 0) == [0, 0, 0])
    }
}
