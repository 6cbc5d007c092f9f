import TestSupport
import Testing

@testable import Inference

@Suite("What followed the last tokens when they came before")
struct FollowerTableTests {
    /// The same in every run: names that are alike by chance would be others each time.
    static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The same by lists of tokens, without names and slots.
    struct Plain {
        var followers: [[Int32]: FollowerTable.Follower] = [:]

        mutating func note(_ token: Int32, after text: [Int32], older: Plain? = nil) {
            for end in Self.ends(text) {
                if followers[end] != nil {
                    followers[end]?.note(token)
                } else {
                    var follower = older?.followers[end] ?? FollowerTable.Follower(token: token, times: 0)
                    if follower.times > 0 { follower.note(token) } else { follower.times = 1 }
                    followers[end] = follower
                }
            }
        }

        /// The last 1, 2, 4, 8 and 16 tokens, as far as there is no gap among them.
        static func ends(_ text: [Int32]) -> [[Int32]] {
            let whole = text.split(separator: TextEnd.gap, omittingEmptySubsequences: false).last ?? []
            return [1, 2, 4, 8, 16].filter { $0 <= whole.count }.map { Array(whole.suffix($0)) }
        }
    }

    static func text(_ random: inout SeededRandom, kinds: Int32, count: Int) -> [Int32] {
        (0..<count).map { _ in
            Int.random(in: 0..<20, using: &random) == 0 ? TextEnd.gap : Int32.random(in: 0..<kinds, using: &random)
        }
    }

    @Test("as plain lists say, for texts of few and of many different tokens", arguments: 0..<20)
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let kinds = Int32([1, 2, 5, 9, 40][seed % 5])
        var (older, plainOlder): (FollowerTable?, Plain?)
        for _ in 0...seed % 3 {
            var (table, plain, end) = (FollowerTable(), Plain(), TextEnd(seed: Self.seed))
            if seed % 2 == 0 { table.reserve(Int.random(in: 0...500, using: &random)) }
            var before: [Int32] = []
            for token in Self.text(&random, kinds: kinds, count: 400) {
                let contexts = end.contexts
                let ends = Plain.ends(before)
                #expect(contexts.count == ends.count)
                for (number, end) in ends.enumerated() {
                    #expect(table[contexts[number]] == plain.followers[end])
                }
                if token != TextEnd.gap {
                    table.note(token, after: contexts, older: older)
                    plain.note(token, after: before, older: plainOlder)
                }
                end.append(token)
                before.append(token)
            }
            (older, plainOlder) = (table, plain)
        }
    }

    @Test("what came most of late, and not what came once in between")
    func majority() {
        var follower = FollowerTable.Follower(token: 5)
        follower.note(6)
        #expect(follower == .init(token: 6, times: 1, hasOthers: true))
        for _ in 0..<20 { follower.note(6) }
        #expect(follower.times == FollowerTable.Follower.mostTimes)
        follower.note(5)
        follower.note(5)
        #expect(follower.token == 6)
        follower.note(5)
        #expect(follower == .init(token: 5, times: 1, hasOthers: true))
    }

    @Test("an end of a text has the same names whatever is before it, and no other end has them")
    func names() {
        var random = SeededRandom(seed: 3)
        var seen: [UInt32: [Int32]] = [:]
        for _ in 0..<2000 {
            let text = Self.text(&random, kinds: 5, count: Int.random(in: 0...50, using: &random))
            let (end, alone) = (
                TextEnd(text, seed: Self.seed).contexts, TextEnd(text.suffix(16), seed: Self.seed).contexts
            )
            #expect(end.count == alone.count)
            for (number, tokens) in Plain.ends(text).enumerated() {
                #expect(end[number] == alone[number])
                #expect(seen[end[number], default: tokens] == tokens)
                seen[end[number]] = tokens
            }
        }
    }

    @Test("memory grows with the tokens and no faster")
    func memory() {
        var random = SeededRandom(seed: 1)
        var (table, end) = (FollowerTable(), TextEnd())
        for _ in 0..<32_768 {
            let token = Int32.random(in: 0..<150_000, using: &random)
            table.note(token, after: end.contexts)
            end.append(token)
        }
        #expect(table.tokenCount == 32_768 && table.byteCount <= 160 * 32_768)
        let before = table.byteCount
        table.reserve(0)
        #expect(table.byteCount == before)
        #expect(FollowerTable()[7] == nil)
    }
}
