import Foundation
import TestSupport
import Testing

@testable import Constraints

@Suite struct MaskTests {
    private static let words = [
        "{\"", "\":", "\",\"", "null", "true", "12", "\\n", "é", "a", "abc", "}}", "]", "😀", "\u{E9}\"", "a",
    ]
    private static let formats: [AnswerFormat] = [
        .jsonObject, .choice(["yes", "no", "not now"]), .regex("[a-z]{2,5}( \\d+)?\n?"), .regex(".{0,6}"),
        .jsonSchema(#"{"type":"string","maxLength":3}"#), .jsonSchema(#"{"type":"array","items":{"type":"number"}}"#),
        .jsonSchema(##"{"properties":{"a":{"$ref":"#"},"é":{"pattern":"^[^a]*$"}},"type":"object"}"##),
        .jsonSchema(#"{"enum":["a\nb","ab",12,null]}"#), .jsonSchema(#"{"type":"string","pattern":"b|no"}"#),
        .jsonSchema(#"{"properties":{"ab":{},"12":{}},"additionalProperties":{"type":"null"},"type":"object"}"#),
        .jsonSchema(#"{"type":"string","pattern":"^[^b\\n]{1,4}$"}"#), .regex("[a-c😀]{2,4}(?:12)?"),
        .regex("(?:ab|a){2,5}"),
        .jsonSchema(#"{"anyOf":[{"const":"abc"},{"type":"string","minLength":2}]}"#),
    ]

    /// Walks at random, and calls `body` at every place.
    private func walk(
        _ constraint: Constraint,
        seed: UInt64,
        _ body: (ConstraintState, [Int32]) throws -> Void
    ) rethrows {
        var random = SeededRandom(seed: seed)
        var state = constraint.start
        var tokens: [Int32] = []
        for _ in 0..<24 {
            try body(state, tokens)
            guard let token = state.mask().tokens.randomElement(using: &random), token != TestVocabulary.end,
                let next = state.advanced(by: token)
            else { return }
            tokens.append(token)
            state = next
        }
    }

    @Test(arguments: formats.indices)
    func `A mask is what its tokens say one by one, and never empty`(index: Int) throws {
        let vocabulary = TestVocabulary.make(Self.words)
        let constraint = try Constraint(Self.formats[index], vocabulary)
        for seed in 0..<20 {
            walk(constraint, seed: UInt64(seed)) { state, _ in
                let mask = state.mask()
                #expect(mask == state.naiveMask(vocabulary))
                #expect(mask.count > 0)
                #expect(mask[TestVocabulary.end] == state.isWhole)
            }
        }
    }

    @Test(arguments: formats.indices)
    func `States are a function of the tokens, whoever asked before`(index: Int) throws {
        let vocabulary = TestVocabulary.make(Self.words)
        let used = try Constraint(Self.formats[index], vocabulary)
        for seed in 0..<4 {
            try walk(used, seed: UInt64(seed)) { state, tokens in
                // Anew, without a mask on the way; and with a state that was copied in the middle.
                var fresh: ConstraintState? = try Constraint(Self.formats[index], vocabulary).start
                for token in tokens { fresh = fresh?.advanced(by: token) }
                #expect(fresh?.mask() == state.mask())
                #expect(fresh?.isWhole == state.isWhole)
            }
        }
    }

    @Test func `An automaton that starts over goes on as before`() throws {
        for format in Self.formats {
            let (arena, root) = try format.compiled()
            let automaton = ByteAutomaton(arena, root)
            var random = SeededRandom(seed: 9)
            var (state, other) = (automaton.start, ByteAutomaton(arena, root))
            var place = other.start
            for _ in 0..<60 {
                let bytes = (UInt8.min...UInt8.max).filter { automaton.next(state, $0) >= 0 }
                #expect(bytes == (UInt8.min...UInt8.max).filter { other.next(place, $0) >= 0 })
                #expect(automaton.isWhole(state) == other.isWhole(place))
                guard let byte = bytes.randomElement(using: &random) else { break }
                (state, place) = (automaton.next(state, byte), other.next(place, byte))
                other = other.startingOver(at: place)
                place = other.start
            }
        }
    }

    @Test func `What must come is known`() throws {
        let vocabulary = TestVocabulary.make(Self.words)
        let schema =
            #"{"type":"object","properties":{"abc":{"const":12}},"required":["abc"],"additionalProperties":false}"#
        let start = try Constraint(.jsonSchema(schema), vocabulary).start
        #expect(String(decoding: start.forcedBytes(), as: UTF8.self) == #"{"abc":12}"#)
        #expect(String(decoding: start.forcedBytes(limit: 3), as: UTF8.self) == #"{"a"#)
        let end = try #require(start.advanced(by: Array(#"{"abc":12}"#.utf8)))
        #expect(end.onlyToken() == TestVocabulary.end)
        #expect(end.forcedBytes().isEmpty)
        #expect(start.advanced(by: Array("x".utf8)) == nil)
        #expect(start.onlyToken() == nil)
    }

    @Test func `What must come is written in the longest tokens, and then ends`() throws {
        let vocabulary = TestVocabulary.make(["{\"", "\":", "{\"ab", "abc", "\":1", "}}", "abc"])
        let text = { (tokens: [Int32]) in tokens.map { String(decoding: vocabulary.bytes(of: $0), as: UTF8.self) } }
        let schema =
            #"{"type":"object","properties":{"abc":{"const":12}},"required":["abc"],"additionalProperties":false}"#
        let start = try Constraint(.jsonSchema(schema), vocabulary).start
        let forced = start.forcedTokens(most: 9)
        #expect(text(forced) == ["{\"ab", "c", "\":1", "2", "}", ""])
        #expect(forced.last == TestVocabulary.end)
        #expect(text(start.forcedTokens(most: 2)) == ["{\"ab", "c"])
        var state: ConstraintState? = start
        for token in forced { state = state?.advanced(by: token) }
        #expect(state?.isWhole == true && state?.forcedTokens(most: 3) == [TestVocabulary.end])
        let free = try Constraint(.regex("ab.*"), vocabulary).start
        #expect(text(free.forcedTokens(most: 3)) == ["a", "b"])
        #expect(try Constraint(.regex("a|b"), vocabulary).start.forcedTokens(most: 3).isEmpty)
        // Nobody knows whether it ends or goes on.
        #expect(text(try Constraint(.regex("a(?:bc)?"), vocabulary).start.forcedTokens(most: 3)) == ["a"])
    }

    @Test func `Masks among brackets that may be read in several ways are made in no time`() throws {
        let rest = ##"{"type":"array","items":{"$ref":"#"}"##
        let schema = ##"{"anyOf":[\##(rest)},\##(rest),"maxItems":3},\##(rest),"minItems":2},{"type":"integer"}]}"##
        let vocabulary = TestVocabulary.make(["[[", "]]", "],[", "]]]]", "1]"])
        var state: ConstraintState? = try Constraint(.jsonSchema(schema), vocabulary).start
        for byte in String(repeating: "[", count: 16).utf8 + Array("1".utf8) + String(repeating: "]", count: 15).utf8 {
            #expect(try #require(state).mask().count > 0)
            state = state?.advanced(by: [byte])
        }
        let last = try #require(state)
        #expect(last.mask() == last.naiveMask(vocabulary) && !last.isWhole)
    }

    @Test func `Depth without end costs memory for its own depth only`() throws {
        let constraint = try Constraint(
            .jsonSchema(##"{"type":"array","items":{"$ref":"#"}}"##),
            TestVocabulary.make()
        )
        var state = constraint.start
        for _ in 0..<30_000 { state = try #require(state.advanced(by: [0x5B])) }
        for _ in 0..<30_000 { state = try #require(state.advanced(by: [0x5D])) }
        #expect(state.isWhole && state.mask().tokens == [TestVocabulary.end])
    }

    @Test func `Masks over the published vocabulary are what its tokens say one by one`() throws {
        guard let directory = Fixtures.modelCard("SAIL-VL2-2B") else { return }
        let vocabulary = try TestVocabulary.load(directory, size: 151_936)
        let schema = """
            {"type":"object","properties":{"vendor":{"type":"string","maxLength":40},"date":{"format":"date",
            "type":"string"},"total":{"type":"number"},"lines":{"type":"array","items":{"type":"object"}}},
            "required":["vendor","date"],"additionalProperties":false}
            """
        let text = #"{"vendor":"Müller & Söhne \"西\"","date":"2024-02-29","total":12.5,"lines":[{"a":null}]}"#
        let constraint = try Constraint(.jsonSchema(schema), vocabulary)
        for length in stride(from: 0, through: text.utf8.count, by: 5) {
            let state = try #require(constraint.start.advanced(by: text.utf8.prefix(length)))
            #expect(state.mask() == state.naiveMask(vocabulary))
        }
    }
}
