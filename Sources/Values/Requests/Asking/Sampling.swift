package import Diagnostics

/// How the tokens of an answer are chosen, and how many: the one set of values from a client's line to the ranks.
///
/// - SeeAlso: OpenAI's API reference for the penalties and `logit_bias`; Hugging Face's `GenerationConfig` for the rest.
package struct Sampling: Codable, Sendable, Equatable {
    /// A number that is added to the logit of one token.
    package struct Bias: Codable, Sendable, Equatable {
        package var id: Int32
        package var bias: Float

        package init(id: Int32, bias: Float) {
            self.id = id
            self.bias = bias
        }
    }

    /// Tokens to generate at most, the end token included.
    package var maxTokens = 512
    /// 0 is greedy: the exact arg-max, ties to the lower id.
    package var temperature: Float = 0
    /// 0 is off.
    package var topK = 0
    /// 1 is off.
    package var topP: Float = 1
    /// 0 is off.
    package var minP: Float = 0
    /// Over prompt and answer; 1 is off.
    package var repetitionPenalty: Float = 1
    /// Over the tokens of the answer: once for each that has occurred, and for each time that it has.
    ///
    /// 0 is off.
    package var presencePenalty: Float = 0
    package var frequencyPenalty: Float = 0
    /// By rising id, each at most once.
    package var logitBias: [Bias] = []
    package var seed: UInt64 = 0

    package init() {}

    /// Bias entries that a request may have.
    package static let maxBiases = 300

    /// Refuses values outside their range, naming the one by its name on the wire.
    package func check() throws(UsageError) {
        try Self.require("max_tokens", (1...1_000_000).contains(maxTokens), "1 to 1000000", maxTokens)
        try Self.require("temperature", (0...100).contains(temperature), "0 to 100", temperature)
        try Self.require("top_k", (0...1_000_000_000).contains(topK), "0 (off) to 1000000000", topK)
        try Self.require("top_p", topP > 0 && topP <= 1, "more than 0 and at most 1", topP)
        try Self.require("min_p", (0...1).contains(minP), "0 to 1", minP)
        try Self.require(
            "repetition_penalty",
            repetitionPenalty > 0 && repetitionPenalty <= 100,
            "more than 0 and at most 100",
            repetitionPenalty
        )
        try Self.require("presence_penalty", (-2...2).contains(presencePenalty), "-2 to 2", presencePenalty)
        try Self.require("frequency_penalty", (-2...2).contains(frequencyPenalty), "-2 to 2", frequencyPenalty)
        guard logitBias.count <= Self.maxBiases else {
            throw UsageError("logit_bias has \(logitBias.count) tokens, expected \(Self.maxBiases) at most")
        }
        for entry in logitBias {
            try Self.require("logit_bias", entry.id >= 0, "ids of 0 or more", entry.id)
            try Self.require("logit_bias of \(entry.id)", (-100...100).contains(entry.bias), "-100 to 100", entry.bias)
        }
    }

    private static func require(
        _ name: String,
        _ isRight: Bool,
        _ expected: String,
        _ found: some Any
    ) throws(UsageError) {
        if !isRight { throw UsageError("\(name) is \(found), expected \(expected)") }
    }
}
