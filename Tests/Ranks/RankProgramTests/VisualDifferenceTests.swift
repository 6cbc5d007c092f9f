import TestSupport
import Testing

@testable import RankProgram

@Suite("VisualDifference")
struct VisualDifferenceTests {
    @Test("is the length of the difference as a share of the length, of all tokens and of the worst", arguments: 0..<6)
    func definition(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let (hidden, tokens) = (7, [5, 1, 12])
        let parts = tokens.map { count in
            (random.floats(count * hidden), random.floats(count * hidden).map { 3 * $0 })
        }
        var difference = VisualDifference(hidden: hidden)
        for (found, expected) in parts { difference.add(found, expected, count: found.count) }

        func length(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let all = parts.flatMap { zip($0.0, $0.1).map { (Double($0), Double($1)) } }
        let share = length(all.map { $0.0 - $0.1 }) / length(all.map(\.1))
        let each = stride(from: 0, to: all.count, by: hidden).map { first -> Double in
            let token = all[first..<first + hidden]
            return length(token.map { $0.0 - $0.1 }) / length(token.map(\.1))
        }
        #expect(abs(difference.relativeError - share) < 1e-12 && difference.tokens == tokens.reduce(0, +))
        #expect(abs(difference.worstToken - (each.max() ?? 0)) < 1e-12)
    }

    @Test("is nothing between equal tokens, zeros too, and infinite where a number is none")
    func edges() {
        var difference = VisualDifference(hidden: 2)
        difference.add([0, 0, 1, -2], [0, 0, 1, -2], count: 4)
        #expect(difference.relativeError == 0 && difference.worstToken == 0 && difference.tokens == 2)
        difference.add([.nan, 1], [1, 1], count: 2)
        #expect(difference.relativeError == .infinity && difference.worstToken == .infinity)
    }
}
