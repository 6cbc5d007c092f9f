import Diagnostics
internal import JSON

/// A byte-level vocabulary for random weights: any text can be encoded, and every ordinary id decodes to some text.
///
/// The 256 bytes come first, and nothing merges, so text costs one token a byte. The other ids are made-up words of
/// fixed length, which a model with random weights does produce. The control tokens have the published ids where
/// the vocabulary is large enough, and stand at its end otherwise.
struct SyntheticTokenizer {
    /// In the order of the published ids.
    static let controlTokens = [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
        "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
        "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
        "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>",
        "<think>", "</think>", "<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>", "<ref>", "</ref>", "<box>",
        "</box>",
    ]
    /// Those that decoding keeps.
    private static let notSpecial: Set<String> = [
        "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
        "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>",
    ]
    private static let publishedFirstControl = 151_643

    /// The id of the first control token, and the number of ordinary ones.
    let firstControl: Int

    init(vocabulary: Int) throws(UsageError) {
        let count = Self.controlTokens.count
        firstControl =
            vocabulary >= Self.publishedFirstControl + count ? Self.publishedFirstControl : vocabulary - count
        guard firstControl >= 256 else {
            throw UsageError(
                "a vocabulary of \(vocabulary), expected at least \(256 + count)",
                hint: "256 bytes and \(count) control tokens need an id each"
            )
        }
    }

    /// The tokenizer's files by name.
    var files: [String: String] {
        [
            "vocab.json": JSONWriter.line(.object(vocabulary)),
            "merges.txt": "#version: 0.2\n",
            "added_tokens.json": JSONWriter.text(.object(addedTokens)),
            "special_tokens_map.json": JSONWriter.text(specialTokens),
            "tokenizer_config.json": JSONWriter.text(tokenizerConfig),
        ]
    }

    // MARK: Contents

    private var vocabulary: [String: JSONValue] {
        var ids: [String: JSONValue] = [:]
        for (id, scalar) in Self.byteAlphabet.enumerated() { ids[String(scalar)] = .integer(id) }
        for id in 256..<firstControl { ids[word(id - 256)] = .integer(id) }
        return ids
    }

    /// GPT-2's alphabet in its order: printable bytes stand for themselves, the others move up from U+0100.
    private static var byteAlphabet: [Unicode.Scalar] {
        let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
        let moved = 0x100..<0x100 + 256 - printable.count
        return (printable + moved).compactMap { Unicode.Scalar(UInt32($0)) }
    }

    private static let syllables = "bcdfghjklmnpqrstvwz".flatMap { consonant in "aeiou".map { "\(consonant)\($0)" } }

    /// A word of its own for every number: a space, then its digits as syllables.
    private func word(_ number: Int) -> String {
        var (rest, limit, text) = (number, firstControl, "")
        repeat {
            text = Self.syllables[rest % Self.syllables.count] + text
            (rest, limit) = (rest / Self.syllables.count, limit / Self.syllables.count)
        } while limit > 0
        return "\u{120}" + text
    }

    private var addedTokens: [String: JSONValue] {
        Dictionary(
            uniqueKeysWithValues: Self.controlTokens.enumerated().map { ($1, .integer(firstControl + $0)) }
        )
    }

    private var specialTokens: JSONValue {
        let special = Self.controlTokens.prefix(14).dropFirst().map { JSONValue.string($0) }
        return .object([
            "additional_special_tokens": .array(special),
            "eos_token": .string("<|im_end|>"),
            "pad_token": .string("<|endoftext|>"),
        ])
    }

    private var tokenizerConfig: JSONValue {
        let decoder = Self.controlTokens.enumerated().map { (index, token) -> (String, JSONValue) in
            let fields: [String: JSONValue] = [
                "content": .string(token), "lstrip": .bool(false), "normalized": .bool(false), "rstrip": .bool(false),
                "single_word": .bool(false), "special": .bool(!Self.notSpecial.contains(token)),
            ]
            return ("\(firstControl + index)", .object(fields))
        }
        return .object([
            "add_bos_token": .bool(false),
            "add_prefix_space": .bool(false),
            "added_tokens_decoder": .object(Dictionary(uniqueKeysWithValues: decoder)),
            "bos_token": .null,
            "clean_up_tokenization_spaces": .bool(false),
            "eos_token": .string("<|im_end|>"),
            "errors": .string("replace"),
            "model_max_length": .integer(131_072),
            "pad_token": .string("<|endoftext|>"),
            "split_special_tokens": .bool(false),
            "tokenizer_class": .string("Qwen2Tokenizer"),
            "unk_token": .null,
        ])
    }
}
