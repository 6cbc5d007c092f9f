internal import JSON
internal import Requests

/// All the ways in which clients say how much the model should reason, and what comes of them.
///
/// - SeeAlso: `reasoning_effort` of OpenAI, `reasoning` of OpenRouter, `chat_template_kwargs` of vLLM and SGLang.
struct ThinkingWishes {
    /// `none`, `minimal`, `low`, `medium`, `high`, or something beyond.
    var effort: String?
    var isEnabled: Bool?
    /// By our own name, or by one that means the same.
    var mode: ThinkMode?
    var budget: Int?
    /// OpenRouter's name for a budget.
    var maxTokens: Int?

    static let budgets: [String: Int?] = [
        "none": nil, "minimal": 1024, "low": 2048, "medium": 8192, "high": nil, "xhigh": nil, "max": nil,
    ]

    /// What counts: the more a wish says, the more it does.
    ///
    /// An effort turns reasoning on only where the operator has: clients send one by habit, and an instruction that the
    /// checkpoint never saw does harm.
    func apply(to options: inout RequestOptions, otherwise think: ThinkMode) {
        options.think = think
        if let effort {
            if effort == "none" { options.think = .off }
            options.thinkBudget = Self.budgets[effort] ?? nil
        }
        if let isEnabled { options.think = isEnabled ? .on : .off }
        if let mode { options.think = mode }
        if let budget = budget ?? maxTokens { options.thinkBudget = budget }
    }

    static func effort(_ reader: inout JSONReader) throws(JSONFailure) -> String {
        let text = try reader.string()
        guard budgets.keys.contains(text) else {
            throw reader.failure("none, minimal, low, medium, high, xhigh or max", "\"\(text.prefix(40))\"")
        }
        return text
    }

    static func mode(_ reader: inout JSONReader) throws(JSONFailure) -> ThinkMode {
        if reader.kind() == .boolean { return try reader.boolean() ? .on : .off }
        let text = try reader.string()
        if let mode = ThinkMode(rawValue: text) { return mode }
        throw reader.failure("auto, on or off", "\"\(text.prefix(40))\"")
    }
}
