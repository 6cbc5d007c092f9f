import TestSupport
import Testing

@testable import Inference

@Suite("What followed the last tokens when they came before")
struct LookupIndexTests {
    static func index(_ tokens: [Int32]) -> LookupIndex {
        var index = LookupIndex()
        index.append(contentsOf: tokens)
        return index
    }

    @Test("the place where most of the last tokens agree, the latest of those; nothing behind one token alone")
    func longest() {
        var text = Self.index([1, 2, 3, 4, 9, 2, 3, 5, 9, 1, 2, 3])
        #expect(text.continuation(most: 2) == .init(matched: 3, tokens: [4, 9]))
        var latest = Self.index([2, 3, 4, 9, 2, 3, 5, 9, 7, 2, 3])
        #expect(latest.continuation(most: 1) == .init(matched: 2, tokens: [5]))
        var single = Self.index([8, 3, 4, 9, 3])
        #expect(single.continuation(most: 4) == nil)
        var empty = LookupIndex()
        #expect(empty.continuation(most: 4) == nil)
    }

    @Test("a repetition goes on, as long as it is wanted")
    func repetition() {
        var text = Self.index([9, 1, 2, 3, 1, 2, 3, 1, 2])
        #expect(text.continuation(most: 8)?.tokens == [3, 1, 2, 3, 1, 2, 3, 1])
        var same = Self.index([5, 5, 5])
        #expect(same.continuation(most: 4)?.tokens == [5, 5, 5, 5])
    }

    @Test("nothing is found across a gap, and no draft goes over one")
    func gaps() {
        let gap = LookupIndex.gap
        var before = Self.index([1, 2, gap, 7, 1, 2])
        #expect(before.continuation(most: 3) == nil)
        var within = Self.index([1, gap, 2, 7, 1, gap, 2])
        #expect(within.continuation(most: 3) == nil)
        var after = Self.index([1, 2, 7, gap, 8, 1, 2])
        #expect(after.continuation(most: 3) == .init(matched: 2, tokens: [7]))
    }

    @Test("a long copy is followed, though its last two tokens came often since")
    func source() {
        let original = (0..<40).map { Int32(100 + $0) }
        var text = Self.index(original)
        for place in 0..<200 { text.append(contentsOf: [Int32(110), 111, Int32(500 + place)]) }
        text.append(contentsOf: original[5..<9])
        #expect(text.continuation(most: 1)?.tokens == [109])
        text.append(contentsOf: original[9..<12])
        #expect(text.continuation(most: 3) == .init(matched: 7, tokens: [112, 113, 114]))
    }

    @Test("as a plain search says, for texts of few and of many different tokens", arguments: 0..<20)
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let kinds = Int32([2, 3, 5, 9, 40][seed % 5])
        var text: [Int32] = []
        var index = LookupIndex()
        for _ in 0..<300 {
            let token =
                Int.random(in: 0..<20, using: &random) == 0
                ? LookupIndex.gap : Int32.random(in: 0..<kinds, using: &random)
            text.append(token)
            index.append(token)
            let most = Int.random(in: 1...9, using: &random)
            let best = Self.longestMatch(text)
            var copy = index
            guard let found = copy.continuation(most: most) else {
                #expect(best < LookupIndex.fewestMatched)
                continue
            }
            #expect(found.matched <= best && (found.matched == best || text.count > LookupIndex.mostPlaces))
            #expect(Self.continues(text, found) && (1...most).contains(found.tokens.count))
        }
    }

    /// The most tokens at the end of a text that also stand before a token in it.
    static func longestMatch(_ text: [Int32]) -> Int {
        var best = 0
        for place in text.indices.dropLast() where text[place + 1] != LookupIndex.gap {
            var count = 0
            while count < min(place + 1, LookupIndex.mostMatched), text[place - count] == text[text.count - 1 - count],
                text[place - count] != LookupIndex.gap
            {
                count += 1
            }
            best = max(best, count)
        }
        return best
    }

    /// Whether so many of the last tokens stand somewhere before what was found, which may go on as a repetition.
    static func continues(_ text: [Int32], _ found: LookupIndex.Found) -> Bool {
        let end = Array(text.suffix(found.matched))
        let all = text + found.tokens
        return text.indices.dropLast().contains { place in
            place + 1 >= found.matched && Array(text[(place + 1 - found.matched)...place]) == end
                && found.tokens.indices.allSatisfy { all[place + 1 + $0] == found.tokens[$0] }
        }
    }

    @Test("memory grows with the tokens and no faster")
    func memory() {
        var index = LookupIndex()
        for token in 0..<Int32(32_768) { index.append(token % 977) }
        #expect(index.byteCount <= 24 * 32_768)
    }
}
