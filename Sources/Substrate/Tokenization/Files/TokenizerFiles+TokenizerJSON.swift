internal import JSON

extension TokenizerFiles {
    /// `tokenizer.json`: the whole tokenizer in Hugging Face's layout.
    mutating func readTokenizerJSON(_ bytes: [UInt8]) throws(TokenizerError) {
        var files = self
        var hasModel = false
        var stages: [String: JSONValue] = [:]
        try Self.parse("tokenizer.json", bytes) { (reader) throws(JSONFailure) in
            try reader.object { (reader, key) throws(JSONFailure) in
                switch key {
                case "model":
                    hasModel = true
                    try files.readModel(&reader)
                case "added_tokens":
                    try reader.array { (reader, _) throws(JSONFailure) in try files.readAddedToken(&reader, id: nil) }
                case let stage where TokenizerStages.names.contains(stage):
                    stages[stage] = try reader.value()
                default:
                    try reader.skip()
                }
            }
            if !hasModel { throw reader.failure("the member \"model\"", "none") }
        }
        try TokenizerStages.check(stages)
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
            case "byte_fallback", "ignore_merges", "fuse_unk": try reader.boolean(mustBe: false)
            case "dropout", "unk_token":
                guard try reader.skipNull() else {
                    throw reader.failure("null", "\(try reader.value().summary), which is not supported")
                }
            case "continuing_subword_prefix", "end_of_word_suffix":
                if try !reader.skipNull() { try reader.string(mustBe: "") }
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
}
