import TestSupport
import Testing

@testable import Tokenization

@Suite struct BytePairMergerTests {
    /// Merges over a, b and c that overlap in every way, and the tokens that they make: ids from 256.
    private static let merges = [
        "a b", "b c", "a a", "ab c", "a bc", "aa aa", "c ab", "abc abc", "b b", "bb b", "aa b",
    ]

    private static func makeMerger() -> BytePairMerger {
        var ids: [String: Int32] = [:]
        func id(_ name: String) -> Int32 {
            if name.utf8.count == 1, let byte = name.utf8.first { return Int32(byte) }
            if let known = ids[name] { return known }
            ids[name] = Int32(256 + ids.count)
            return Int32(255 + ids.count)
        }
        var table = MergeTable(count: merges.count)
        for (rank, merge) in merges.enumerated() {
            let sides = merge.split(separator: " ").map(String.init)
            table.insert(id(sides[0]), id(sides[1]), .init(rank: UInt32(rank), joined: id(sides[0] + sides[1])))
        }
        return BytePairMerger(byteTokens: Array(0..<256), merges: table)
    }

    /// The definition: as long as some neighbours join, join the leftmost of those with the lowest rank.
    private func reference(_ word: [UInt8], _ merger: BytePairMerger) -> [Int32] {
        var tokens = word.map { Int32($0) }
        while true {
            let candidates = tokens.indices.dropLast().compactMap { left in
                merger.merges.merge(tokens[left], tokens[left + 1]).map { (left: left, merge: $0) }
            }
            guard let best = candidates.min(by: { ($0.merge.rank, $0.left) < ($1.merge.rank, $1.left) }) else {
                return tokens
            }
            tokens[best.left] = best.merge.joined
            tokens.remove(at: best.left + 1)
        }
    }

    @Test(arguments: 1...(3 * BytePairMerger.scannedLength))
    func `Every length merges as the definition does, scanned or by heap`(length: Int) {
        let merger = Self.makeMerger()
        var random = SeededRandom(seed: UInt64(length))
        var scratch = MergeScratch()
        for _ in 0..<5 {
            let word = (0..<length).map { _ in UInt8(ascii: "a") + UInt8.random(in: 0..<3, using: &random) }
            var ids: [Int32] = []
            word.withUnsafeBufferPointer { merger.encode($0, scratch: &scratch, into: &ids) }
            #expect(ids == reference(word, merger))
        }
    }

    @Test func `A merge table finds what was put in and nothing else`() {
        var table = MergeTable(count: 1_000)
        for left in Int32(0)..<1_000 { table.insert(left, left * 7, .init(rank: UInt32(left), joined: left + 5_000)) }
        for left in Int32(0)..<1_000 {
            #expect(table.merge(left, left * 7) == .init(rank: UInt32(left), joined: left + 5_000))
            #expect(table.merge(left, left * 7 + 1) == nil)
        }
        table.insert(3, 21, .init(rank: 9, joined: 9))
        #expect(table.merge(3, 21) == .init(rank: 9, joined: 9))
    }
}
