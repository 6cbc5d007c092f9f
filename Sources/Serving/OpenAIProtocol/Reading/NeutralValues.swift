internal import JSON

/// Members that would change the answer in a way that is not possible here, and what they may be all the same.
enum NeutralValues {
    /// Whether a member of this name is one of them.
    static func covers(_ name: String) -> Bool { table[name] != nil || name.hasPrefix("guided_") }

    /// Whether it asks for nothing; `null` does not.
    static func isNeutral(_ name: String, _ value: JSONValue) -> Bool {
        value == .null || (table[name].map { $0(value) } ?? false)
    }

    private static let table: [String: @Sendable (JSONValue) -> Bool] = [
        "modalities": { $0.array?.contains(.string("audio")) == false },
        "min_tokens": { $0.exactInteger == 0 },
        "ignore_eos": isFalse,
        "stop_token_ids": { $0.array?.isEmpty == true },
        "best_of": { $0.exactInteger == 1 },
        "use_beam_search": isFalse,
        "echo": isFalse,
        "continue_final_message": isFalse,
        "structured_outputs": { $0.object?.isEmpty == true },
        "grammar": { $0.string?.isEmpty == true },
    ]

    private static let isFalse: @Sendable (JSONValue) -> Bool = { $0 == .bool(false) }

    /// Whether a list of tools, or the choice among them, asks for nothing.
    static func isEmptyList(_ value: JSONValue) -> Bool { value == .null || value.array?.isEmpty == true }
}
