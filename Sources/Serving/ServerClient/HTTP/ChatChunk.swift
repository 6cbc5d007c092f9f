internal import JSON

/// What a chunk of a streamed chat completion says to somebody who counts.
package struct ChatChunk: Sendable, Equatable {
    /// Whether it carries anything of the answer or of its thinking.
    package var hasText = false
    package var finish: String?
    /// Tokens generated in all, where the server tells.
    package var generated: Int?
    /// The code, type or message of an error.
    package var error: String?

    package init() {}

    /// Reads a chunk; `nil` if it is none.
    package init?(json: [UInt8]) {
        guard let value = json.withUnsafeBytes({ try? JSONValue(parsing: $0) }), let object = value.object else {
            return nil
        }
        if let error = object["error"], error != .null {
            self.error = Self.name(of: error)
            return
        }
        generated = object["usage"]?.object?["completion_tokens"]?.exactInteger
        for choice in object["choices"]?.array ?? [] {
            let delta = (choice.object?["delta"] ?? choice.object?["message"])?.object ?? [:]
            for name in ["content", "reasoning_content", "reasoning"] {
                if let text = delta[name]?.string, !text.isEmpty { hasText = true }
            }
            finish = choice.object?["finish_reason"]?.string ?? finish
        }
    }

    /// What an error is called, by whatever the server gives.
    static func name(of error: JSONValue) -> String {
        if let text = error.string { return text }
        for name in ["code", "type", "message"] {
            if let text = error.object?[name]?.string, !text.isEmpty { return text }
        }
        return "error"
    }
}
