package import Diagnostics
package import Tokenization

/// What a user asks for: a conversation, and how to answer it.
package struct ConversationRequest: Sendable {
    package var id: String
    package var messages: [ChatMessage]
    package var think = ThinkMode.auto
    package var sampling = SamplingRequest()
    /// Texts that end the answer; they are not part of it.
    package var stop: [String] = []
    /// Tokens between the think tags at most; `nil` is no limit.
    package var thinkBudget: Int?
    /// Whether thinking that goes round in circles is cut short.
    package var breaksLoops = true
    /// The number of alternatives whose log-probabilities are wanted with each token; 0 is off.
    package var logprobs = 0
    /// The limit for tiles of an image, the thumbnail not included; `nil` is the checkpoint's own.
    package var maxTiles: Int?
    package var wantsTrace = false

    package init(id: String, messages: [ChatMessage]) {
        self.id = id
        self.messages = messages
    }
}

/// The choices of a request about sampling, with the checks that an honest mistake needs.
package struct SamplingRequest: Sendable, Equatable {
    package var maxTokens = 512
    package var temperature: Float = 0
    package var topK = 0
    package var topP: Float = 1
    package var minP: Float = 0
    package var repetitionPenalty: Float = 1
    package var seed: UInt64 = 0

    package init() {}

    /// Refuses values outside their range, naming the one.
    package func check() throws(UsageError) {
        func require(_ name: String, _ isRight: Bool, _ expected: String, _ found: Any) throws(UsageError) {
            if !isRight { throw UsageError("\(name) is \(found), expected \(expected)") }
        }
        try require("max_tokens", (1...1_000_000).contains(maxTokens), "1 to 1000000", maxTokens)
        try require("temperature", temperature >= 0 && temperature <= 100, "0 to 100", temperature)
        try require("top_k", topK >= 0, "0 (off) or more", topK)
        try require("top_p", topP > 0 && topP <= 1, "more than 0 and at most 1", topP)
        try require("min_p", minP >= 0 && minP <= 1, "0 to 1", minP)
        try require(
            "repetition_penalty",
            repetitionPenalty > 0 && repetitionPenalty <= 100,
            "more than 0 and at most 100",
            repetitionPenalty
        )
    }
}
