import Foundation
internal import JSON

/// Everything that a checkpoint's tokenizer files say, read and checked but not yet put into tables.
///
/// Two layouts are published: `tokenizer.json` with all of it, or `vocab.json` with `merges.txt`. Beside either,
/// `tokenizer_config.json` and `added_tokens.json` may define added tokens; the union counts.
struct TokenizerFiles {
    /// A merge as the files have it, with the place to name if it is wrong.
    struct Merge {
        var left: String
        var right: String
    }

    /// The file that holds the vocabulary, for messages.
    var vocabularyFile = ""
    /// The file that holds the merges, for messages.
    var mergesFile = ""
    var tokens = TokenTable()
    var merges: [Merge] = []
    var added = AddedTokenList()
    /// `eos_token_id` of `generation_config.json`.
    var ends: [Int32] = []

    init(directory: URL) throws(TokenizerError) {
        if let bytes = try Self.read("tokenizer.json", in: directory) {
            vocabularyFile = "tokenizer.json"
            mergesFile = "tokenizer.json"
            try readTokenizerJSON(bytes)
        } else {
            vocabularyFile = "vocab.json"
            mergesFile = "merges.txt"
            try readVocabulary(try Self.require("vocab.json", in: directory))
            try readMerges(try Self.require("merges.txt", in: directory))
        }
        if let bytes = try Self.read("tokenizer_config.json", in: directory) { try readTokenizerConfig(bytes) }
        if let bytes = try Self.read("added_tokens.json", in: directory) { try readAddedTokens(bytes) }
        if let bytes = try Self.read("generation_config.json", in: directory) { try readGenerationConfig(bytes) }
    }

    // MARK: Files

    /// The file's bytes, or `nil` if there is no such file.
    private static func read(_ file: String, in directory: URL) throws(TokenizerError) -> [UInt8]? {
        let url = directory.appendingPathComponent(file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        do {
            return [UInt8](try Data(contentsOf: url))
        } catch {
            throw .unreadable(file: file, reason: error.localizedDescription)
        }
    }

    private static func require(_ file: String, in directory: URL) throws(TokenizerError) -> [UInt8] {
        guard let bytes = try read(file, in: directory) else {
            throw .missing(file: file, directory: directory.path)
        }
        return bytes
    }

    /// Reads all of a JSON file with `body`.
    static func parse(
        _ file: String,
        _ bytes: [UInt8],
        _ body: (inout JSONReader) throws(JSONFailure) -> Void
    ) throws(TokenizerError) {
        do throws(JSONFailure) {
            try JSONReader.read(bytes, body)
        } catch {
            throw .malformed(file: file, error)
        }
    }
}

extension JSONReader {
    /// Reads a token id.
    mutating func tokenID() throws(JSONFailure) -> Int32 {
        let value = try integer()
        guard (0..<TokenTable.largestSize).contains(value) else {
            throw failure("a token id from 0 to \(TokenTable.largestSize - 1)", "\(value)")
        }
        return Int32(value)
    }

    /// Reads a boolean that only has one supported value, or `null`, which leaves it at its default.
    mutating func boolean(mustBe supported: Bool) throws(JSONFailure) {
        if try skipNull() { return }
        let value = try boolean()
        guard value == supported else { throw failure("\(supported)", "\(value), which is not supported") }
    }

    /// Reads a string that only has one supported value.
    mutating func string(mustBe supported: String) throws(JSONFailure) {
        let value = try string()
        guard value == supported else { throw failure("\"\(supported)\"", "\"\(value)\", which is not supported") }
    }
}
