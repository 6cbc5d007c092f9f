internal import JSON

/// The body of `POST /tokenize`.
package struct TokenizeRequest: Sendable {
    package enum Subject: Sendable {
        case text(String)
        /// A conversation, as the prompt that it becomes.
        case conversation
    }

    package var subject: Subject
    /// Whether control tokens in a text are control tokens.
    package var allowsControlTokens = false

    /// - Throws: `bad_json`, or `invalid_value` naming the member.
    package init(json: [UInt8], _ rules: ChatRules) throws(APIError) {
        var text: String?
        var model: String?
        var hasMessages = false
        var special = false
        try Self.members(json) { (reader, key) throws(JSONFailure) in
            switch key {
            case "prompt", "content": text = try reader.string()
            case "messages":
                hasMessages = true
                try reader.skip()
            case "model": model = try reader.string()
            case "special", "parse_special": special = try reader.boolean()
            default: try reader.skip()
            }
        }
        try rules.models.check(model)
        if let text {
            subject = .text(text)
        } else if hasMessages {
            subject = .conversation
        } else {
            throw .invalid("prompt is missing; content and messages do as well", param: "prompt")
        }
        allowsControlTokens = special
    }

    static func members(
        _ json: [UInt8],
        _ member: (inout JSONReader, _ key: String) throws(JSONFailure) -> Void
    ) throws(APIError) {
        do throws(JSONFailure) {
            try JSONReader.read(json) { (reader) throws(JSONFailure) in
                try reader.object { (reader, key) throws(JSONFailure) in
                    if try !reader.skipNull() { try member(&reader, key) }
                }
            }
        } catch {
            throw APIError(error, in: json)
        }
    }
}

/// The body of `POST /detokenize`.
package struct DetokenizeRequest: Sendable {
    package var tokens: [Int32]

    /// - Throws: `bad_json`, or `invalid_value` naming the member.
    package init(json: [UInt8], _ rules: ChatRules) throws(APIError) {
        var tokens: [Int32]?
        var model: String?
        try TokenizeRequest.members(json) { (reader, key) throws(JSONFailure) in
            switch key {
            case "tokens":
                var ids: [Int32] = []
                try reader.array { (reader, _) throws(JSONFailure) in
                    let number = try reader.integer()
                    guard let id = Int32(exactly: number) else { throw reader.failure("a token's id", "\(number)") }
                    ids.append(id)
                }
                tokens = ids
            case "model": model = try reader.string()
            default: try reader.skip()
            }
        }
        try rules.models.check(model)
        guard let tokens else { throw .invalid("tokens is missing", param: "tokens") }
        self.tokens = tokens
    }
}
