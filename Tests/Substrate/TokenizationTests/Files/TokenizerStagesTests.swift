import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenization

/// Variants of `tokenizer.json` and what Hugging Face's `tokenizers` 0.23 makes of them: 377 texts encoded by the variant
/// and by the published form, all ids and the decoded texts compared.
@Suite("Stages of tokenizer.json")
struct TokenizerStagesTests {
    typealias Change = @Sendable (inout JSONValue) -> Void

    private func load(_ change: Change) throws -> Tokenizer {
        try Fixtures.withTemporaryDirectory { directory in
            let data = try Data(contentsOf: Fixtures.url("tokenizer/tokenizer.json"))
            var value = try data.withUnsafeBytes { try JSONValue(parsing: $0) }
            change(&value)
            try Data(JSONWriter.text(value).utf8).write(to: directory.appendingPathComponent("tokenizer.json"))
            return try Tokenizer(directory: directory)
        }
    }

    private static func object(_ text: String) -> JSONValue {
        Data(text.utf8).withUnsafeBytes { (try? JSONValue(parsing: $0)) ?? .null }
    }

    private static func set(_ path: [Step], _ text: String?) -> Change {
        { $0.set(path[...], text.map { object($0) }) }
    }

    /// These give the same ids and texts.
    static let right: [(String, Change)] = [
        ("as published", { _ in }),
        ("offsets not trimmed", set(["pre_tokenizer", "pretokenizers", 1, "trim_offsets"], "false")),
        ("no post-processor", set(["post_processor"], "null")),
        ("post-processor left out", set(["post_processor"], nil)),
        (
            "offsets after",
            set(["post_processor"], #"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true}"#)
        ),
        ("the decoder's flags", set(["decoder", "add_prefix_space"], "false")),
        ("no prefix", set(["model", "continuing_subword_prefix"], "null")),
        ("flags left out", set(["model", "ignore_merges"], nil)),
    ]

    /// These give other ids or texts for some of the 377, unless it says that they are only not known.
    static let wrong: [(String, String, Change)] = [
        ("normalizer", "351 of 377 others: none", set(["normalizer"], nil)),
        ("normalizer", "109 others", set(["normalizer"], "null")),
        ("normalizer.type", "175 others", set(["normalizer", "type"], #""NFKC""#)),
        ("normalizer.type", "153 others", set(["normalizer", "type"], #""NFD""#)),
        (
            "normalizer.type", "185 others",
            set(["normalizer"], #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"}]}"#)
        ),
        ("pre_tokenizer", "351 others", set(["pre_tokenizer"], nil)),
        ("pre_tokenizer", "351 others", set(["pre_tokenizer"], "null")),
        (
            "pre_tokenizer.type", "2 others",
            set(
                ["pre_tokenizer"],
                #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#
            )
        ),
        ("pre_tokenizer.pretokenizers", "351 others", set(["pre_tokenizer", "pretokenizers", 1], nil)),
        ("pre_tokenizer.pretokenizers", "27 others", set(["pre_tokenizer", "pretokenizers", 0], nil)),
        (
            "pre_tokenizer.pretokenizers", "2 others",
            { value in
                guard var parts = value.object?["pre_tokenizer"]?.object?["pretokenizers"]?.array else { return }
                parts.insert(object(#"{"type":"Digits","individual_digits":true}"#), at: 0)
                value.set(["pre_tokenizer", "pretokenizers"], .array(parts))
            }
        ),
        (
            "pre_tokenizer.pretokenizers[0].type", "34 others",
            { value in
                let parts = value.object?["pre_tokenizer"]?.object?["pretokenizers"]?.array ?? []
                value.set(["pre_tokenizer", "pretokenizers"], .array(parts.reversed()))
            }
        ),
        (
            "pretokenizers[0].behavior", "371 others",
            set(["pre_tokenizer", "pretokenizers", 0, "behavior"], #""Removed""#)
        ),
        (
            "pretokenizers[0].behavior", "27 others",
            set(["pre_tokenizer", "pretokenizers", 0, "behavior"], #""Contiguous""#)
        ),
        ("pretokenizers[0].invert", "not known", set(["pre_tokenizer", "pretokenizers", 0, "invert"], "true")),
        (
            "pretokenizers[0].pattern.Regex", "71 others",
            set(["pre_tokenizer", "pretokenizers", 0, "pattern"], #"{"String":" "}"#)
        ),
        (
            "pretokenizers[0].pattern.Regex", "not known",
            set(["pre_tokenizer", "pretokenizers", 0, "pattern", "Regex"], #"" ""#)
        ),
        (
            "pretokenizers[1].add_prefix_space", "361 others",
            set(["pre_tokenizer", "pretokenizers", 1, "add_prefix_space"], "true")
        ),
        ("pretokenizers[1].use_regex", "2 others", set(["pre_tokenizer", "pretokenizers", 1, "use_regex"], "true")),
        (
            "pretokenizers[1].use_regex", "2 others: true is its default",
            set(["pre_tokenizer", "pretokenizers", 1, "use_regex"], nil)
        ),
        ("model.dropout", "112 others", set(["model", "dropout"], "0.5")),
        ("model.unk_token", "not known", set(["model", "unk_token"], #""<|endoftext|>""#)),
        ("model.fuse_unk", "not known", set(["model", "fuse_unk"], "true")),
        ("model.byte_fallback", "not known", set(["model", "byte_fallback"], "true")),
        ("model.ignore_merges", "not known", set(["model", "ignore_merges"], "true")),
        ("model.end_of_word_suffix", "371 others", set(["model", "end_of_word_suffix"], #""</w>""#)),
        ("model.continuing_subword_prefix", "not known", set(["model", "continuing_subword_prefix"], #""x""#)),
        (
            "post_processor.single", "377 others",
            set(["post_processor", "single"], #"[{"SpecialToken":{"id":"<|endoftext|>"}},{"Sequence":{"id":"A"}}]"#)
        ),
        ("post_processor.type", "not known", set(["post_processor"], #"{"type":"BertProcessing"}"#)),
        ("decoder", "other texts", set(["decoder"], "null")),
        ("decoder.type", "other texts", set(["decoder", "type"], #""Fuse""#)),
    ]

    @Test("what gives the same ids is accepted", arguments: right)
    func accepted(name: String, change: Change) throws {
        let text = "don't e\u{301} 123 \n\n x"
        #expect(try load(change).encode(text) == Vocabularies.mini.get().encode(text))
    }

    @Test("everything else is refused, with the field, what it should be and what it is", arguments: wrong)
    func refused(field: String, truth: String, change: Change) throws {
        let error = try #require(throws: TokenizerError.self, "\(field): \(truth)") { try load(change) }
        #expect(error.description.hasPrefix("tokenizer.json: \""), "\(error.description)")
        #expect(error.description.contains("\(field)\": expected"), "\(error.description)")
        #expect(error.description.contains(", found "))
    }

    @Test(
        "generation_config.json adds what ends an answer",
        arguments: [
            ("", []), ("7", [7]), ("[902, 7, 5, 7]", [5, 7]), ("null", []), ("[]", []), ("[900]", []), ("99999", []),
        ] as [(String, [Int32])]
    )
    func ends(value: String, further: [Int32]) throws {
        let tokenizer = try load(generationConfig: value.isEmpty ? "{}" : "{\"x\":[1],\"eos_token_id\":\(value)}")
        let control = tokenizer.control
        #expect(control.ends.starts(with: [control.imEnd, control.endOfText]))
        let known = Set(further).subtracting([control.imEnd, control.endOfText])
        #expect(Set(control.ends.dropFirst(2)) == known)
        for id in further { #expect(control.isEnd(id)) }
        #expect(!control.isEnd(6))
    }

    @Test("an eos_token_id that is none is refused", arguments: [#""7""#, "[true]", "-1", "1.5", "{}", "[1"])
    func wrongEnds(value: String) throws {
        let error = try #require(throws: TokenizerError.self) {
            try load(generationConfig: "{\"eos_token_id\":\(value)}")
        }
        #expect(error.description.hasPrefix("generation_config.json: "))
    }

    private func load(generationConfig: String) throws -> Tokenizer {
        try Fixtures.withTemporaryDirectory { directory in
            try Data(contentsOf: Fixtures.url("tokenizer/tokenizer.json"))
                .write(to: directory.appendingPathComponent("tokenizer.json"))
            try Data(generationConfig.utf8).write(to: directory.appendingPathComponent("generation_config.json"))
            return try Tokenizer(directory: directory)
        }
    }

    /// A key of an object or a place in an array.
    enum Step: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case key(String)
        case index(Int)

        init(stringLiteral value: String) { self = .key(value) }
        init(integerLiteral value: Int) { self = .index(value) }
    }
}

extension JSONValue {
    /// Sets what stands at `path`; `nil` removes it.
    fileprivate mutating func set(_ path: ArraySlice<TokenizerStagesTests.Step>, _ value: JSONValue?) {
        guard let step = path.first else { return self = value ?? .null }
        let rest = path.dropFirst()
        switch (self, step) {
        case (.object(var fields), .key(let key)):
            if rest.isEmpty, value == nil {
                fields[key] = nil
            } else {
                var inner = fields[key] ?? .object([:])
                inner.set(rest, value)
                fields[key] = inner
            }
            self = .object(fields)
        case (.array(var items), .index(let index)):
            if rest.isEmpty, value == nil { items.remove(at: index) } else { items[index].set(rest, value) }
            self = .array(items)
        default: return
        }
    }
}
