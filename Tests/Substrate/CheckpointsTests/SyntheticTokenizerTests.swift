import Diagnostics
import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

@Suite("SyntheticTokenizer")
struct SyntheticTokenizerTests {
    static func object(_ text: String?) throws -> [String: JSONValue] {
        let value = try Edited.parse(try #require(text))
        return try #require(value.object)
    }

    @Test("the control tokens of a large vocabulary are the published ones")
    func published() throws {
        guard let file = Fixtures.modelCard("SAIL-VL2-2B/added_tokens.json") else { return }
        let made = try Self.object(SyntheticTokenizer(vocabulary: 151_936).files["added_tokens.json"])
        #expect(.object(made) == (try Edited.parse(Data(contentsOf: file))))
    }

    @Test("every id below the control tokens has one token", arguments: [291, 960, 9000, 151_936])
    func vocabulary(size: Int) throws {
        let files = try SyntheticTokenizer(vocabulary: size).files
        let control = try Self.object(files["added_tokens.json"])
        let words = try Self.object(files["vocab.json"])
        let ids = words.values.compactMap(\.exactInteger).sorted()
        #expect(ids == Array(0..<ids.count))
        #expect(control["<|endoftext|>"] == .integer(ids.count))
        #expect(control.count == 35 && ids.count + control.count <= size)
        #expect(words["!"] == .integer(0) && words["Ā"] == .integer(188) && words["Ġ"] == .integer(220))
    }

    @Test("a vocabulary without room for the bytes is refused")
    func tooSmall() {
        #expect(throws: UsageError.self) { try SyntheticTokenizer(vocabulary: 290) }
    }
}
