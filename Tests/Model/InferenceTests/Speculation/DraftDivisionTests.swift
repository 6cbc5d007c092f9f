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
            (0..<Int.random(in: 0...4, using: &random)).map { _ in Double.random(in: 0...1, using: &random) }
        }
        var costs = Self.costs(Double.random(in: 0...0.6, using: &random))
        let decoding = Int.random(in: offers.count...5, using: &random)
        // It has just been seen, so that it need not be looked at again.
        costs.note(rows: decoding, seconds: costs.seconds(rows: decoding))
        func rate(_ counts: [Int]) -> Double {
            var tokens = Double(decoding)
            for (count, offer) in zip(counts, offers) {
                var worth = 1.0
                for chance in offer.prefix(count) {
                    worth *= chance
                    tokens += worth
                }
            }
            return tokens / costs.seconds(rows: decoding + counts.reduce(0, +))
        }
        let ways = offers.reduce([[]]) { ways, offer in ways.flatMap { way in (0...offer.count).map { way + [$0] } } }
        let best = ways.filter { $0.reduce(0, +) <= 6 }.map(rate).max() ?? 0
        let chosen = DraftDivision.divide(offers, decoding: decoding, most: 6, costs: costs)
        #expect(zip(chosen, offers).allSatisfy { $0 <= $1.count } && chosen.reduce(0, +) <= 6)
        let plain = Double(decoding) / costs.seconds(rows: decoding)
        #expect(
            rate(chosen) >= best * 0.999 || rate(chosen) == plain && best <= plain * DraftDivision.leastGain * 1.001
        )
    }

    @Test("none where a row costs more than it brings, many where rows cost nothing")
    func extremes() {
        let offer = Array(repeating: 0.5, count: 8)
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
        #expect(!costs.wantsPlain(rows: 1, gain: 0.1) && costs.wantsPlain(rows: 2, gain: 0.1))
        #expect(!StepCosts(maxRows: 8).wantsPlain(rows: 1, gain: 0.1))
        for _ in 0..<20 { costs.note(rows: 3, seconds: 1) }
        #expect(costs.wantsPlain(rows: 1, gain: 0.1) && !costs.wantsPlain(rows: 1, gain: 1))
    }

    @Test(
        "steps that are held up, and a machine that becomes slower and faster again, make no row look cheap",
        arguments: 0..<20
    )
    func unsteady(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var (costs, pace, tried) = (StepCosts(maxRows: 24), 1.0, 0)
        let steps = 20_000
        for step in 0..<steps {
            if step % 500 == 0 { pace = Double.random(in: 0.6...1.8, using: &random) }
            // One token in ten is right, and a row costs a quarter of a step.
            let rows = DraftDivision.divide([Array(repeating: 0.1, count: 8)], decoding: 1, most: 16, costs: costs)[0]
            tried += rows
            let noise = Double.random(in: 1...1.6, using: &random)
            let heldUp = Int.random(in: 0..<100, using: &random) == 0 ? 40.0 : 1
            costs.note(rows: 1 + rows, seconds: pace * (1 + 0.25 * Double(rows)) * noise * heldUp)
        }
        #expect(tried * 10 < steps, "\(tried) rows for nothing in \(steps) steps")
    }

    @Test("drafts that are never right are soon left, and tried again ever more seldom")
    func hopeless() {
        var (acceptance, request) = (DraftAcceptance(), DraftAcceptance.Request())
        let kind = DraftKind(.own, length: 1, .init(token: 7))
        func note(_ drafted: Int, _ accepted: Int) {
            acceptance.note(Array(repeating: kind, count: drafted).prefix(accepted + 1), accepted: accepted, &request)
        }
        var tried = 0
        for _ in 0..<5000 {
            let draft = Array(repeating: acceptance.chance(kind, request), count: 4)
            var drafted = DraftDivision.divide([draft], decoding: 1, most: 16, costs: Self.costs(0.08))[0]
            if drafted == 0, request.leave(kind) { drafted = 1 }
            guard drafted > 0 else { continue }
            tried += drafted
            note(drafted, 0)
        }
        #expect(tried < 60, "\(tried) rows for nothing in 5000 steps")
        for _ in 0..<40 { note(2, 2) }
        #expect(acceptance.chance(kind, request) > 0.95)
        // Others have learnt something as well, and a draft model's guesses are something else.
        #expect(acceptance.chance(kind, .init()) > 0.6)
        #expect(acceptance.chance(.ofModel, request) == DraftAcceptance().chance(.ofModel, .init()))
    }

    @Test("where guesses of all kinds were wrong, the next request begins with doubt, and soon believes what is right")
    func usual() {
        var acceptance = DraftAcceptance()
        let kinds = DraftKind.all.filter { $0.origin == .text }
        let before = acceptance.chance(kinds[0], acceptance.begin())
        for _ in 0..<12 {
            var request = acceptance.begin()
            for kind in kinds.prefix(12) { acceptance.note([kind], accepted: 0, &request) }
            acceptance.end(request)
        }
        var next = acceptance.begin()
        let untried = DraftAcceptance().chance(kinds[60], .init())
        #expect(acceptance.chance(kinds[0], next) < before / 2 && acceptance.chance(kinds[60], next) < untried)
        for _ in 0..<8 { acceptance.note([kinds[60]], accepted: 1, &next) }
        #expect(acceptance.chance(kinds[60], next) > untried)
    }

    @Test("who has looked in vain for long looks in every fourth step, until something promises well")
    func rests() {
        var request = DraftAcceptance.Request()
        for _ in 1..<DraftAcceptance.mostVain {
            request.look(promising: nil)
            let rests = request.rests()
            #expect(!rests)
        }
        for _ in 0..<3 {
            request.look(promising: 0.01)
            let rests = (0..<4).map { _ in request.rests() }
            #expect(rests == [true, true, true, false])
        }
        request.look(promising: 0.5)
        request.look(promising: nil)
        let rests = request.rests()
        #expect(!rests)
    }

    @Test("kinds are told apart by texts, lengths, times and others; the odds of each are bounded")
    func kinds() {
        var indices: Set<Int> = []
        for text in DraftKind.Text.allCases {
            for length in 0..<TextEnd.lengths {
                for times in UInt8(1)...4 {
                    for hasOthers in [false, true] {
                        let follower = FollowerTable.Follower(token: 1, times: times, hasOthers: hasOthers)
                        let kind = DraftKind(text, length: length, follower)
                        #expect(kind.origin == .text && DraftKind.all[kind.index] == kind)
                        indices.insert(kind.index)
                    }
                }
            }
        }
        #expect(indices.count == DraftKind.all.count - 2)
        #expect(DraftKind.forced.origin == .format && DraftKind.ofModel.origin == .model)
        var (acceptance, request) = (DraftAcceptance(), DraftAcceptance.Request())
        for _ in 0..<10_000 { acceptance.note([.forced], accepted: 0, &request) }
        #expect((1e-6...0.1).contains(acceptance.chance(.forced, request)))
        for _ in 0..<10_000 { acceptance.note([.forced], accepted: 1, &request) }
        #expect((0.9..<1).contains(acceptance.chance(.forced, request)))
    }
}

extension DraftDivision {
    private mutating func offer(_ draft: [Double]) {
        for chance in draft { add(chance) }
        endOffer()
    }

    /// The rows that each offer gets.
    static func divide(_ offers: [[Double]], decoding: Int, most: Int, costs: StepCosts) -> [Int] {
        var division = DraftDivision()
        // Whoever was there before leaves nothing behind.
        for other in [[0.9, 0.9, 0.9], [0.5]] { division.offer(other) }
        division.divide(decoding: 1, most: 8, costs: costs)
        division.clear()
        for offer in offers { division.offer(offer) }
        division.divide(decoding: decoding, most: most, costs: costs)
        return division.best
    }
}
