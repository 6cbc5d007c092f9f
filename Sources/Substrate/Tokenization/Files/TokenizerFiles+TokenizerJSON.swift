internal import JSON

extension TokenizerFiles {
    /// The split pattern that ``WordSplitter`` implements; a file with another one is refused.
    static let splitPattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// `tokenizer.json`: the whole tokenizer in Hugging Face's layout.
    mutating func readTokenizerJSON(_ bytes: [UInt8]) throws(TokenizerError) {
        var files = self
        var hasModel = false
        try Self.parse("tokenizer.json", bytes) { (reader) throws(JSONFailure) in
            try reader.object { (reader, key) throws(JSONFailure) in
                switch key {
                case "model":
                    hasModel = true
                    try files.readModel(&reader)
                case "added_tokens":
                    try reader.array { (reader, _) throws(JSONFailure) in try files.readAddedToken(&reader, id: nil) }
                case "normalizer":
                    try Self.checkNormalizer(&reader)
                case "pre_tokenizer":
                    try Self.checkSplit(&reader)
                default:
                    try reader.skip()
                }
            }
            if !hasModel { throw reader.failure("the member \"model\"", "none") }
        }
        self = files
    }

    private mutating func readModel(_ reader: inout JSONReader) throws(JSONFailure) {
        var files = self
        var found: Set<String> = []
        try reader.object { (reader, key) throws(JSONFailure) in
            found.insert(key)
            switch key {
            case "type": try reader.string(mustBe: "BPE")
            case "vocab": try Self.readTokens(&reader, into: &files.tokens)
            case "merges": try files.readMerges(&reader)
            case "byte_fallback", "ignore_merges": try reader.boolean(mustBe: false)
            case "continuing_subword_prefix", "end_of_word_suffix":
                if reader.kind() == .string { try reader.string(mustBe: "") } else { try reader.skip() }
            default: try reader.skip()
            }
        }
        for key in ["vocab", "merges"] where !found.contains(key) {
            throw reader.failure("the member \"\(key)\"", "none")
        }
        self = files
    }

    /// Merges as `"a b"` or as `["a", "b"]`; both forms are published.
    private mutating func readMerges(_ reader: inout JSONReader) throws(JSONFailure) {
        var merges: [Merge] = []
        try reader.array { (reader, _) throws(JSONFailure) in
            var names: [String] = []
            if reader.kind() == .string {
                names = try reader.string().utf8.split(separator: 0x20, omittingEmptySubsequences: false)
                    .map { String(Substring($0)) }
            } else {
                try reader.array { (reader, _) throws(JSONFailure) in names.append(try reader.string()) }
            }
            guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else {
                throw reader.failure("two tokens", "\(names)")
            }
            merges.append(Merge(left: names[0], right: names[1]))
        }
        self.merges = merges
    }

    private static func checkNormalizer(_ reader: inout JSONReader) throws(JSONFailure) {
        try reader.object { (reader, key) throws(JSONFailure) in
            if key == "type" { try reader.string(mustBe: "NFC") } else { try reader.skip() }
        }
    }

    /// Compares the split pattern wherever in the pre-tokenizer's parts it stands.
    private static func checkSplit(_ reader: inout JSONReader) throws(JSONFailure) {
        switch reader.kind() {
        case .object:
            try reader.object { (reader, key) throws(JSONFailure) in
                switch key {
                case "Regex": try reader.string(mustBe: splitPattern)
                case "add_prefix_space", "invert": try reader.boolean(mustBe: false)
                default: try checkSplit(&reader)
                }
            }
        case .array:
            try reader.array { (reader, _) throws(JSONFailure) in try checkSplit(&reader) }
        default:
            try reader.skip()
        }
    }
}
