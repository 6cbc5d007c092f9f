internal import JSON

/// The stages that `tokenizer.json` puts around the model: only those are accepted whose ids this tokenizer is known to
/// reproduce, since another normaliser or pre-tokenizer would give other ids without a word.
///
/// `truncation` and `padding` are not looked at: Hugging Face's tokenizers set them anew with every call.
struct TokenizerStages {
    /// The split pattern that ``WordSplitter`` implements.
    static let splitPattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The members of the file that are stages.
    static let names: Set = ["normalizer", "pre_tokenizer", "post_processor", "decoder"]

    private let stages: [String: JSONValue]

    /// Refuses stages other than Qwen2's.
    static func check(_ stages: [String: JSONValue]) throws(TokenizerError) {
        let stages = TokenizerStages(stages: stages)
        try stages.require(["normalizer", "type"], .string("NFC"))
        try stages.checkPreTokenizer()
        try stages.checkPostProcessor()
        // Its flags are about offsets and about spaces that byte-level vocabularies do not have.
        try stages.require(["decoder", "type"], .string("ByteLevel"))
    }

    private func checkPreTokenizer() throws(TokenizerError) {
        let name = "pre_tokenizer"
        try require([name, "type"], .string("Sequence"))
        let parts = value([name, "pretokenizers"])?.array ?? []
        guard parts.count == 2 else {
            throw wrong("\(name).pretokenizers", "a Split and a ByteLevel", value([name, "pretokenizers"]))
        }
        let split = TokenizerStages(stages: ["\(name).pretokenizers[0]": parts[0]])
        let splitName = "\(name).pretokenizers[0]"
        try split.require([splitName, "type"], .string("Split"))
        try split.require([splitName, "pattern", "Regex"], .string(Self.splitPattern))
        try split.require([splitName, "behavior"], .string("Isolated"))
        try split.require([splitName, "invert"], .bool(false))
        let bytesName = "\(name).pretokenizers[1]"
        let bytes = TokenizerStages(stages: [bytesName: parts[1]])
        try bytes.require([bytesName, "type"], .string("ByteLevel"))
        try bytes.require([bytesName, "add_prefix_space"], .bool(false))
        try bytes.require([bytesName, "use_regex"], .bool(false))
    }

    /// None, one that only moves offsets, or a template that adds no tokens to a text.
    private func checkPostProcessor() throws(TokenizerError) {
        let name = "post_processor"
        guard let processor = stages[name], processor != .null else { return }
        switch value([name, "type"])?.string {
        case "ByteLevel": return
        case "TemplateProcessing":
            let pieces = value([name, "single"])?.array ?? []
            guard pieces.count == 1, let sequence = pieces[0].object?["Sequence"]?.object,
                sequence["id"] == .string("A")
            else { throw wrong("\(name).single", "the text alone", value([name, "single"])) }
        default: throw wrong("\(name).type", "null, \"ByteLevel\" or \"TemplateProcessing\"", value([name, "type"]))
        }
    }

    private func require(_ path: [String], _ expected: JSONValue) throws(TokenizerError) {
        let found = value(path)
        guard found == expected else {
            // Where a whole stage is missing, that is what to say.
            let isThere = stages[path[0]]?.object != nil
            let field = isThere ? path.joined(separator: ".") : path[0]
            throw wrong(field, expected.summary, isThere ? found : stages[path[0]])
        }
    }

    private func value(_ path: [String]) -> JSONValue? {
        var value = stages[path[0]]
        for key in path.dropFirst() { value = value?.object?[key] }
        return value
    }

    private func wrong(_ field: String, _ expected: String, _ found: JSONValue?) -> TokenizerError {
        .invalid(file: "tokenizer.json", field: field, expected: expected, found: found?.summary ?? "nothing")
    }
}
