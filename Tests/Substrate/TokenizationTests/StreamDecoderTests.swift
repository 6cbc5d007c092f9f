import Foundation
import TestSupport
import Testing

@testable import Tokenization

@Suite struct StreamDecoderTests {
    /// Ids below 256 are single bytes in the mini vocabularies, so that most sequences are broken UTF-8.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func `The pieces joined are the whole decoding`(seed: UInt64) throws {
        let tokenizer = try Vocabularies.mini.get()
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let highest: Int32 = [255, 400, 940][Int.random(in: 0..<3, using: &random)]
            let ids = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                Int32.random(in: 0...highest, using: &random)
            }
            for skipping in [false, true] {
                var decoder = StreamDecoder(tokenizer, skippingSpecial: skipping)
                var text = ""
                for id in ids { text += decoder.append(id) }
                text += decoder.finish()
                #expect(utf8(text) == utf8(tokenizer.decode(ids, skippingSpecial: skipping)), "\(ids)")
            }
        }
    }

    @Test func `A character that tokens cut comes whole with its last byte`() throws {
        let tokenizer = try Vocabularies.mini.get()
        var decoder = StreamDecoder(tokenizer)
        let bytes = ["ð", "Ł", "ĺ", "Ģ"].compactMap(tokenizer.id(of:))
        #expect(bytes.count == 4)
        #expect(bytes.map { decoder.append($0) } == ["", "", "", "😀"])
        #expect(decoder.finish().isEmpty)
    }

    @Test func `Half a character at the end is a replacement character`() throws {
        let tokenizer = try Vocabularies.mini.get()
        var decoder = StreamDecoder(tokenizer)
        let lead = try #require(tokenizer.id(of: "ð"))
        #expect(decoder.append(lead).isEmpty)
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.finish().isEmpty)
    }

    @Test(
        arguments: [
            ([], 0), ([0x41], 0), ([0xC3], 1), ([0x41, 0xE2, 0x82], 2), ([0xF0, 0x9F, 0x98], 3), ([0xE0, 0x80], 0),
            ([0xF4, 0x90], 0), ([0xED, 0xA0], 0), ([0x80, 0x80], 0), ([0xC0], 0), ([0xF5], 0), ([0xE2, 0x82, 0xAC], 0),
        ] as [([UInt8], Int)]
    )
    func `Only what more bytes could complete is held back`(bytes: [UInt8], held: Int) {
        #expect(StreamDecoder.unfinishedCount(bytes) == held)
    }
}
