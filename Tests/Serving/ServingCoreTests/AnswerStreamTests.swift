import Requests
import TestSupport
import Testing
import Tokenization

@testable import ServingCore

struct AnswerStreamTests {
    static func pieces(_ ids: [Int32], stop: [String] = []) throws -> ([AnswerStream.Segment], AnswerStream) {
        var stream = AnswerStream(try Tokenizer(directory: Fixtures.url("mini-bf16")), stop: stop)
        var pieces = ids.flatMap { stream.append($0, logprobs: TokenLogprobs(id: $0, logprob: -1, top: [])) }
        pieces += stream.finish()
        return (pieces, stream)
    }

    @Test("Every token but tags and end is in exactly one piece, in order, with its probability")
    func ids() throws {
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        var random = SeededRandom(seed: 5)
        for _ in 0..<50 {
            let ids = (0..<60).map { _ in Int32(random.next() % 890) }
            let (pieces, stream) = try Self.pieces(ids)
            let kept = ids.filter {
                ![tokenizer.control.think, tokenizer.control.endThink].contains($0) && !tokenizer.control.isEnd($0)
            }
            #expect(pieces.flatMap(\.ids) == kept)
            #expect(pieces.flatMap { $0.logprobs.map(\.id) } == kept)
            #expect(stream.thinkingCount + stream.answerCount == kept.count)
            #expect(pieces.filter { $0.part == .answer }.map(\.text).joined() == stream.answer)
            #expect(pieces.filter { $0.part == .thinking }.map(\.text).joined() == stream.thinking)
        }
    }

    @Test("A character of several tokens comes whole, with all of them")
    func wholeCharacters() throws {
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        let ids = tokenizer.encode("a🙂 é", allowingControlTokens: false)
        #expect(ids.count > 4, "the test wants characters of several tokens")
        let (pieces, stream) = try Self.pieces(ids)
        #expect(stream.answer == "a🙂 é")
        #expect(!pieces.contains { $0.text.unicodeScalars.contains("\u{FFFD}") })
        #expect(pieces.contains { $0.text.contains("🙂") && $0.ids.count > 1 })
    }

    @Test("What may become a stop string is held back, and given out when it does not")
    func stop() throws {
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        let ids = tokenizer.encode("the model sees a picture", allowingControlTokens: false)
        #expect(try Self.pieces(ids, stop: ["sees a cat", "sees"]).1.answer == "the model ")
        let (pieces, stream) = try Self.pieces(ids, stop: ["picture of"])
        #expect(!stream.hasMatchedStop && stream.answer == "the model sees a picture")
        #expect(pieces.flatMap(\.ids) == ids)
    }
}
