import TestSupport
import Testing

@testable import Constraints

/// Expressions against a naive definition: the set of all short strings that they stand for.
@Suite struct ExpressionTests {
    /// An expression in its arena, and its strings over `ab` of at most four letters.
    private struct Sample {
        var id: ExpressionID
        var strings: Set<String>
    }

    private static let words: [String] = {
        var words = [""]
        for length in 0..<4 {
            for word in words where word.count == length { words += [word + "a", word + "b"] }
        }
        return words
    }()

    private static func joined(_ first: Set<String>, _ second: Set<String>) -> Set<String> {
        Set(first.flatMap { a in second.map { a + $0 } }.filter { $0.count <= 4 })
    }

    private static func random(
        _ random: inout SeededRandom,
        _ depth: Int,
        _ arena: inout ExpressionArena
    ) -> Sample {
        let kind = depth == 0 ? Int.random(in: 0..<3, using: &random) : Int.random(in: 0..<7, using: &random)
        switch kind {
        case 0: return Sample(id: arena.literal("a".utf8), strings: ["a"])
        case 1: return Sample(id: arena.bytes(ByteSet(0x61...0x62)), strings: ["a", "b"])
        case 2: return Sample(id: arena.literal("ab".utf8), strings: ["ab"])
        case 3:
            let (a, b) = (Self.random(&random, depth - 1, &arena), Self.random(&random, depth - 1, &arena))
            return Sample(id: arena.sequence(a.id, b.id), strings: joined(a.strings, b.strings))
        case 4:
            let (a, b) = (Self.random(&random, depth - 1, &arena), Self.random(&random, depth - 1, &arena))
            return Sample(id: arena.choice(a.id, b.id), strings: a.strings.union(b.strings))
        case 5:
            let a = Self.random(&random, depth - 1, &arena)
            let least = Int.random(in: 0...2, using: &random)
            let most = Bool.random(using: &random) ? nil : least + Int.random(in: 0...2, using: &random)
            var (power, strings): (Set<String>, Set<String>) = ([""], [])
            for count in 0...(most ?? 8) {
                if count >= least { strings.formUnion(power) }
                power = joined(power, a.strings)
            }
            return Sample(id: arena.repetition(a.id, least, most), strings: strings)
        default:
            let (a, b) = (Self.random(&random, depth - 1, &arena), Self.random(&random, depth - 1, &arena))
            var budget = 10_000
            let id = arena.explore(arena.both(a.id, b.id), budget: &budget) ?? ExpressionArena.nothing
            return Sample(id: id, strings: a.strings.intersection(b.strings))
        }
    }

    @Test(arguments: 0..<400)
    func `Expressions stand for the strings of their definition`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var arena = ExpressionArena()
        let sample = Self.random(&random, 4, &arena)
        for word in Self.words {
            #expect(arena.matches(sample.id, word.utf8) == sample.strings.contains(word), "\(word)")
        }
    }

    @Test(arguments: 0..<100)
    func `A text that has derivatives can be completed`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var arena = ExpressionArena()
        let root = Self.random(&random, 4, &arena).id
        var states = [root]
        var seen: Set<ExpressionID> = [root]
        var ends: Set<ExpressionID> = []
        var edges: [(ExpressionID, ExpressionID)] = []
        while let state = states.popLast() {
            if arena[state].isNullable { ends.insert(state) }
            for next in arena.successors(state) {
                edges.append((state, next))
                if seen.insert(next).inserted { states.append(next) }
            }
        }
        var grows = true
        while grows {
            grows = false
            for (from, to) in edges where ends.contains(to) && ends.insert(from).inserted { grows = true }
        }
        if root != ExpressionArena.nothing { #expect(ends == seen) }
    }

    @Test func `An expression is the same in another arena`() {
        for seed in 0..<50 {
            var random = SeededRandom(seed: UInt64(seed))
            var arena = ExpressionArena()
            let sample = Self.random(&random, 4, &arena)
            var other = ExpressionArena()
            let id = other.adopt(sample.id, from: arena)
            for word in Self.words { #expect(other.matches(id, word.utf8) == arena.matches(sample.id, word.utf8)) }
        }
    }
}
