import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Tokenization

@Suite struct TokenizerFilesTests {
    private static let twoFiles = ["vocab.json", "merges.txt", "added_tokens.json", "tokenizer_config.json"]

    /// Copies the mini tokenizer into a fresh directory and lets `change` spoil it.
    private func load(
        _ files: [String] = twoFiles,
        from source: URL = Fixtures.url("mini-bf16"),
        change: (URL) throws -> Void = { _ in }
    ) throws -> Tokenizer {
        try Fixtures.withTemporaryDirectory { directory in
            for file in files {
                let copy = directory.appendingPathComponent(file)
                try Data(contentsOf: source.appendingPathComponent(file)).write(to: copy)
            }
            try change(directory)
            return try Tokenizer(directory: directory)
        }
    }

    private func replace(_ old: String, by new: String, in file: String) -> (URL) throws -> Void {
        { directory in
            let url = directory.appendingPathComponent(file)
            let text = try String(contentsOf: url, encoding: .utf8)
            let range = try #require(text.range(of: old))
            try text.replacingCharacters(in: range, with: new).write(to: url, atomically: true, encoding: .utf8)
        }
    }

    @Test func `Both layouts make the same tokenizer`() throws {
        let one = try load(["tokenizer.json"], from: Fixtures.url("tokenizer"))
        let two = try load()
        #expect(one.control == two.control)
        #expect(one.vocabularySize == two.vocabularySize)
        #expect(one.specialIDs == two.specialIDs)
        for text in ["The model sees a picture.", "你是由抖音<|im_end|>x", "e\u{301} <think> 's"] {
            #expect(one.encode(text) == two.encode(text))
            let special = one.encode(text, allowingControlTokens: true)
            #expect(special == two.encode(text, allowingControlTokens: true))
        }
    }

    @Test func `Merges written as one string are merges too`() throws {
        let tokenizer = try load(["tokenizer.json"], from: Fixtures.url("tokenizer")) { directory in
            let url = directory.appendingPathComponent("tokenizer.json")
            var object = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
            var model = try #require(object["model"] as? [String: Any])
            model["merges"] = try #require(model["merges"] as? [[String]]).map { $0.joined(separator: " ") }
            object["model"] = model
            try JSONSerialization.data(withJSONObject: object).write(to: url)
        }
        #expect(tokenizer.encode("The picture") == (try Vocabularies.mini.get().encode("The picture")))
    }

    @Test func `Added tokens may stand in either file`() throws {
        let two = try load()
        let configOnly = try load(["vocab.json", "merges.txt", "tokenizer_config.json"])
        #expect(configOnly.control == two.control)
        let listOnly = try load(["vocab.json", "merges.txt", "added_tokens.json"])
        #expect(listOnly.control == two.control)
        #expect(listOnly.specialIDs.isEmpty)
    }

    @Test(arguments: [("vocab.json", "vocab.json"), ("merges.txt", "merges.txt")])
    func `A missing file is named`(removed: String, named: String) {
        let error = #expect(throws: TokenizerError.self) { try load(Self.twoFiles.filter { $0 != removed }) }
        guard case .missing(named, _)? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(error?.exitCode == .checkpoint)
    }

    @Test(arguments: [
        ("added_tokens.json", "\"<img>\": 926", "\"<img>\": 927", "<img>"),
        ("added_tokens.json", "\"<img>\": 926", "\"<img>\": -1", "a token id from 0"),
        ("added_tokens.json", "\"<img>\": 926", "\"<img>\": 926.5", "a whole number"),
        ("added_tokens.json", "\"<img>\": 926", "\"<img>\": 99999999", "a token id from 0"),
        ("tokenizer_config.json", "\"lstrip\": false", "\"lstrip\": true", "not supported"),
        ("tokenizer_config.json", "\"add_prefix_space\": false", "\"add_prefix_space\": true", "not supported"),
        ("tokenizer_config.json", "\"900\"", "\"x\"", "a token id as the key"),
        ("merges.txt", "i n\n", "i n n\n", "two tokens"),
        ("merges.txt", "i n\n", "i ☃\n", "no such token"),
        ("vocab.json", "\"!\"", "\"!!!!\"", "a token for the byte 33"),
    ])
    func `A wrong value is named with what was expected`(file: String, old: String, new: String, says: String) throws {
        let error = #expect(throws: TokenizerError.self) { try load(change: replace(old, by: new, in: file)) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(file) == true, "\(error?.description ?? "")")
    }

    @Test func `A vocabulary whose merges make a control token is refused`() throws {
        let error = #expect(throws: TokenizerError.self) {
            try load { directory in
                let url = directory.appendingPathComponent("added_tokens.json")
                let ids = try JSONDecoder().decode([String: Int].self, from: Data(contentsOf: url))
                let merged = try #require(Vocabularies.mini.get().id(of: "in"))
                try JSONEncoder().encode(ids.merging(["in": Int(merged)]) { $1 }).write(to: url)
            }
        }
        #expect(error?.description.contains("an added token") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "<img>", "</img>", "<IMG_CONTEXT>",
    ])
    func `A control token that is missing is named`(token: String) throws {
        let error = #expect(throws: TokenizerError.self) {
            try load(
                ["vocab.json", "merges.txt", "added_tokens.json"],
                change: replace("\"\(token)\"", by: "\"<x>\"", in: "added_tokens.json")
            )
        }
        #expect(error?.description.contains("\"\(token)\"") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        (#""type": "NFC""#, #""type": "NFKC""#), (#""type": "BPE""#, #""type": "Unigram""#),
        (#"'ll|'d)|"#, #"'ll)|"#), (#""ignore_merges": false"#, #""ignore_merges": true"#),
        (#""model""#, #""modell""#), (#""merges""#, #""mergess""#),
    ])
    func `A tokenizer of another kind is refused`(old: String, new: String) throws {
        #expect(throws: TokenizerError.self) {
            try load(
                ["tokenizer.json"],
                from: Fixtures.url("tokenizer"),
                change: replace(old, by: new, in: "tokenizer.json")
            )
        }
    }

    /// Spoiled files must load or be refused; a crash ends the test run.
    @Test(arguments: ["vocab.json", "merges.txt", "added_tokens.json", "tokenizer_config.json", "tokenizer.json"])
    func `Mutated files never crash`(file: String) throws {
        let isWhole = file == "tokenizer.json"
        let source = isWhole ? Fixtures.url("tokenizer") : Fixtures.url("mini-bf16")
        let original = [UInt8](try Data(contentsOf: source.appendingPathComponent(file)))
        var random = SeededRandom(seed: 11)
        var refused = 0
        for _ in 0..<60 {
            let mutated = Self.mutate(original, &random)
            do {
                let tokenizer = try load(isWhole ? [file] : Self.twoFiles, from: source) { directory in
                    try Data(mutated).write(to: directory.appendingPathComponent(file))
                }
                #expect(tokenizer.decode(tokenizer.encode("The pictures' 字 e\u{301}")).isEmpty == false)
            } catch is TokenizerError {
                refused += 1
            }
        }
        #expect(refused > 10)
    }

    private static func mutate(_ original: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + 20))
            case 2: bytes.insert(contentsOf: Array("[{\"-9,:\\u\u{FF}".utf8), at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes[place] = UInt8(ascii: "9")
            }
        }
        return bytes
    }
}
