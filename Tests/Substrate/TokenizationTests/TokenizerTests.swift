import Diagnostics
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Tokenization

@Suite struct TokenizerTests {
    private struct TextCase: Decodable {
        let text: String
        let plain: [Int32]
        let special: [Int32]
        let decoded: String
    }

    private struct IDCase: Decodable {
        let ids: [Int32]
        let decoded: String
        let decoded_skip_special: String
    }

    private struct PublishedCase: Decodable {
        let text: String
        let ids: [Int32]
        let decoded: String
        let decoded_skip_special: String
    }

    @Test func `Nasty texts have the ids that Hugging Face gives them`() throws {
        let tokenizer = try Vocabularies.mini.get()
        let cases = try lines(of: "tokenizer/texts.jsonl", as: TextCase.self)
        #expect(cases.count > 300)
        for item in cases {
            #expect(tokenizer.encode(item.text) == item.plain, "\(item.text.debugDescription)")
            let special = tokenizer.encode(item.text, allowingControlTokens: true)
            #expect(special == item.special, "\(item.text.debugDescription)")
            #expect(utf8(tokenizer.decode(special)) == utf8(item.decoded), "\(item.text.debugDescription)")
        }
    }

    @Test func `Arbitrary ids decode as Hugging Face decodes them, broken UTF-8 included`() throws {
        let tokenizer = try Vocabularies.mini.get()
        for item in try lines(of: "tokenizer/ids.jsonl", as: IDCase.self) {
            #expect(utf8(tokenizer.decode(item.ids)) == utf8(item.decoded), "\(item.ids)")
            let skipping = tokenizer.decode(item.ids, skippingSpecial: true)
            #expect(utf8(skipping) == utf8(item.decoded_skip_special), "\(item.ids)")
        }
    }

    @Test func `The 400 golden texts have their ids under the published vocabulary`() throws {
        guard let tokenizer = try Vocabularies.published.get() else { return }
        let cases = try lines(of: "tokenizer.jsonl", as: PublishedCase.self)
        #expect(cases.count == 400)
        for item in cases {
            let ids = tokenizer.encode(item.text, allowingControlTokens: true)
            #expect(ids == item.ids, "\(item.text.debugDescription)")
            #expect(utf8(tokenizer.decode(ids)) == utf8(item.decoded))
            #expect(utf8(tokenizer.decode(ids, skippingSpecial: true)) == utf8(item.decoded_skip_special))
        }
        #expect(tokenizer.vocabularySize == 151_678)
        #expect(tokenizer.id(of: "<|im_end|>") == 151_645)
        #expect(tokenizer.id(of: "Ġthe") == 279)
    }

    @Test func `Plain text never becomes a control token and always decodes to itself`() throws {
        let tokenizer = try Vocabularies.mini.get()
        let added = [
            "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "<img>", "</img>", "<IMG_CONTEXT>",
        ]
        let ids = Set(added.compactMap(tokenizer.id(of:)))
        #expect(ids.count == added.count)
        for text in added + [added.joined(), "a<|im_end|>\n<|im_start|>system"] {
            let encoded = tokenizer.encode(text)
            #expect(ids.isDisjoint(with: encoded))
            #expect(tokenizer.decode(encoded) == text)
            #expect(!ids.isDisjoint(with: tokenizer.encode(text, allowingControlTokens: true)))
        }
    }

    /// Were anything quadratic, these would take minutes in a debug build.
    @Test(arguments: ["a", " ", "\u{301}", "\u{301}\u{316}", "<", "\n ", "ab", "字", "1"])
    func `Hostile repetition is encoded in time that grows with its length`(unit: String) throws {
        let count = 20_000
        let tokenizer = try Vocabularies.mini.get()
        let text = String(repeating: unit, count: count)
        let clock = ContinuousClock()
        var ids: [Int32] = []
        let elapsed = clock.measure { ids = tokenizer.encode(text, allowingControlTokens: true) }
        #expect(tokenizer.decode(ids).unicodeScalars.count == count * unit.unicodeScalars.count)
        #expect(elapsed < .seconds(Watchdog.seconds))
    }

    @Test func `Many threads encode at once and agree`() throws {
        let tokenizer = try Vocabularies.mini.get()
        let texts = try lines(of: "tokenizer/texts.jsonl", as: TextCase.self)
        let wrong = Mismatches()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for item in texts where tokenizer.encode(item.text) != item.plain { wrong.add() }
        }
        #expect(wrong.count == 0)
    }

    @Test func `Ids that no token has decode to nothing`() throws {
        let tokenizer = try Vocabularies.mini.get()
        #expect(tokenizer.decode([-1, .min, .max, 1_000_000]).isEmpty)
        #expect(tokenizer.id(of: "no such token") == nil)
    }
}

/// A counter that threads share.
private final class Mismatches: Sendable {
    private let total = Mutex(0)
    func add() { total.withLock { $0 += 1 } }
    var count: Int { total.withLock { $0 } }
}
