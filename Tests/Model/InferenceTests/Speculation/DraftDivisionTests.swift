import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("How many drafts a step checks")
struct DraftDivisionTests {
    /// Steps of rows that cost `extra` of a step each.
    static func costs(_ extra: Double, maxRows: Int = 24) -> StepCosts {
        var costs = StepCosts(maxRows: maxRows)
        for rows in 1...maxRows { costs.note(rows: rows, seconds: 1 + extra * Double(rows - 1)) }
        return costs
    }

    @Test("as many as the best of all ways to divide them", arguments: 0..<200)
    func best(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let offers = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            DraftDivision.Offer(
                length: Int.random(in: 0...4, using: &random),
                share: Double.random(in: 0...1, using: &random)
            )
        }
        let costs = Self.costs(Double.random(in: 0...0.6, using: &random))
        let decoding = Int.random(in: offers.count...5, using: &random)
        func rate(_ counts: [Int]) -> Double {
            var tokens = Double(decoding)
            for (count, offer) in zip(counts, offers) {
                var worth = 1.0
                for _ in 0..<count {
                    worth *= offer.share
                    tokens += worth
                }
            }
            return tokens / costs.seconds(rows: decoding + counts.reduce(0, +))
        }
        let ways = offers.reduce([[]]) { ways, offer in ways.flatMap { way in (0...offer.length).map { way + [$0] } } }
        let best = ways.filter { $0.reduce(0, +) <= 6 }.map(rate).max() ?? 0
        let chosen = DraftDivision.divide(offers, decoding: decoding, most: 6, costs: costs)
        #expect(zip(chosen, offers).allSatisfy { $0 <= $1.length } && chosen.reduce(0, +) <= 6)
        let plain = Double(decoding) / costs.seconds(rows: decoding)
        #expect(
            rate(chosen) >= best * 0.999 || rate(chosen) == plain && best <= plain * DraftDivision.leastGain * 1.001
        )
    }

    @Test("none where a row costs more than it brings, many where rows cost nothing")
    func extremes() {
        let offer = DraftDivision.Offer(length: 8, share: 0.5)
        #expect(DraftDivision.divide([offer], decoding: 1, most: 16, costs: Self.costs(0.7)) == [0])
        #expect(DraftDivision.divide([offer], decoding: 1, most: 16, costs: Self.costs(0)) == [8])
        #expect(DraftDivision.divide([], decoding: 1, most: 16, costs: Self.costs(0)) == [])
    }

    @Test("a step that was held up is soon forgotten, and costs that were not seen for long are asked anew")
    func costs() {
        var costs = StepCosts(maxRows: 8)
        costs.note(rows: 1, seconds: 1)
        #expect(costs.seconds(rows: 3) == 1 + 2 * StepCosts.assumed)
        costs.note(rows: 3, seconds: 9)
        #expect(costs.seconds(rows: 2) == 5)
        costs.note(rows: 3, seconds: 1.2)
        #expect(costs.seconds(rows: 3) == 1.2)
        costs.note(rows: 3, seconds: 9)
        #expect(costs.seconds(rows: 3) < 2)
        for _ in 0..<StepCosts.memory { costs.note(rows: 1, seconds: 1) }
        #expect(costs.seconds(rows: 3) == 1 + 2 * StepCosts.assumed)
        costs.note(rows: 99, seconds: 1)
        costs.note(rows: 0, seconds: 1)
    }

    @Test("drafts that are never right are soon left, and tried again ever more seldom")
    func hopeless() {
        var acceptance = DraftAcceptance()
        var tried = 0
        for _ in 0..<5000 {
            let counts = DraftDivision.divide(
                [.init(length: 4, share: acceptance.share(2))],
                decoding: 1,
                most: 16,
                costs: Self.costs(0.08)
            )
            var drafted = counts[0]
            if drafted == 0, acceptance.leave(2) { drafted = 1 }
            guard drafted > 0 else { continue }
            tried += drafted
            acceptance.note(2, drafted: drafted, accepted: 0)
        }
        #expect(tried < 40, "\(tried) rows for nothing in 5000 steps")
        for _ in 0..<40 { acceptance.note(2, drafted: 2, accepted: 2) }
        #expect(acceptance.share(2) > 0.95)
        #expect(acceptance.share(9) == DraftAcceptance.firstShares[3])
    }

    @Test("answers are kept by their prompts, the oldest go first")
    func memory() throws {
        func key(_ token: Int32) -> PageKey { PageKey(after: nil, tokens: [token], from: 0, images: []) }
        var memory = AnswerMemory(maxTokens: 20)
        memory.keep([1, 2, 3], of: key(1))
        memory.keep([4, 5, 6], of: key(1))
        #expect(memory.answers(to: key(1)).tokens == [-1, 1, 2, 3, -1, 4, 5, 6])
        #expect(memory.answers(to: key(2)).tokens == [])
        memory.keep(Array(repeating: 7, count: 8)[...], of: key(2))
        #expect(memory.tokenCount == 17)
        _ = memory.answers(to: key(1))
        memory.keep(Array(repeating: 8, count: 8)[...], of: key(3))
        #expect(memory.answers(to: key(2)).tokens == [])
        #expect(memory.answers(to: key(1)).count == 8 && memory.tokenCount == 17)
        var none = AnswerMemory(maxTokens: 0)
        none.keep([1], of: key(1))
        #expect(none.tokenCount == 0)
    }
}

extension DraftDivision {
    /// The rows that each offer gets.
    static func divide(_ offers: [Offer], decoding: Int, most: Int, costs: StepCosts) -> [Int] {
        var division = DraftDivision()
        // Whoever was there before leaves nothing behind.
        division.offers = [Offer(length: 3, share: 0.9), Offer(length: 1, share: 0.5)]
        division.divide(decoding: 1, most: 8, costs: costs)
        division.offers = offers
        division.divide(decoding: decoding, most: most, costs: costs)
        return division.best
    }
}
