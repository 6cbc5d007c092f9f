internal import JSON

extension TokenizerFiles {
    /// `added_tokens.json`: an object from content to id, without flags.
    mutating func readAddedTokens(_ bytes: [UInt8]) throws(TokenizerError) {
        var files = self
        try Self.parse("added_tokens.json", bytes) { (reader) throws(JSONFailure) in
            try reader.object { (reader, content) throws(JSONFailure) in
                try files.add(content, id: try reader.tokenID(), flags: Flags(), reader)
            }
        }
        self = files
    }

    /// `tokenizer_config.json`: `added_tokens_decoder`, an object from id to token.
    mutating func readTokenizerConfig(_ bytes: [UInt8]) throws(TokenizerError) {
        var files = self
        try Self.parse("tokenizer_config.json", bytes) { (reader) throws(JSONFailure) in
            try reader.object { (reader, key) throws(JSONFailure) in
                switch key {
                case "added_tokens_decoder":
                    try reader.object { (reader, key) throws(JSONFailure) in
                        guard let id = Int32(key), (0..<Int32(TokenTable.largestSize)).contains(id) else {
                            throw reader.failure("a token id as the key", "\"\(key)\"")
                        }
                        try files.readAddedToken(&reader, id: id)
                    }
                case "add_prefix_space", "add_bos_token":
                    try reader.boolean(mustBe: false)
                default:
                    try reader.skip()
                }
            }
        }
        self = files
    }

    /// `generation_config.json`: `eos_token_id`, an id or a list of ids.
    mutating func readGenerationConfig(_ bytes: [UInt8]) throws(TokenizerError) {
        var ends: [Int32] = []
        try Self.parse("generation_config.json", bytes) { (reader) throws(JSONFailure) in
            try reader.object { (reader, key) throws(JSONFailure) in
                switch (key, reader.kind()) {
                case ("eos_token_id", .number): ends = [try reader.tokenID()]
                case ("eos_token_id", .array):
                    ends = []
                    try reader.array { (reader, _) throws(JSONFailure) in ends.append(try reader.tokenID()) }
                case ("eos_token_id", let kind?) where kind != .null:
                    throw reader.failure("a token id or a list of them", kind.rawValue)
                default: try reader.skip()
                }
            }
        }
        self.ends = ends
    }

    /// One added token as an object; its id is the object's own unless given.
    mutating func readAddedToken(_ reader: inout JSONReader, id givenID: Int32?) throws(JSONFailure) {
        var id = givenID
        var content: String?
        var flags = Flags()
        try reader.object { (reader, key) throws(JSONFailure) in
            switch key {
            case "id" where givenID == nil: id = try reader.tokenID()
            case "content": content = try reader.string()
            case "special": flags.isSpecial = try reader.boolean()
            case "normalized": flags.isNormalized = try reader.boolean()
            case "lstrip", "rstrip", "single_word": try reader.boolean(mustBe: false)
            default: try reader.skip()
            }
        }
        guard let content, let id else { throw reader.failure("a token with \"content\" and an id", "neither or one") }
        try add(content, id: id, flags: flags, reader)
    }

    private struct Flags {
        var isSpecial: Bool?
        var isNormalized: Bool?
    }

    private mutating func add(
        _ content: String,
        id: Int32,
        flags: Flags,
        _ reader: JSONReader
    ) throws(JSONFailure) {
        guard !content.isEmpty else { throw reader.failure("a token's text", "an empty string") }
        let other = added.add(content, id: id, isSpecial: flags.isSpecial, isNormalized: flags.isNormalized)
        if let other { throw reader.failure("the id \(other) of \"\(content)\" as elsewhere", "\(id)") }
    }
}
