/// How the next token is chosen from the logits.
package struct SamplingOptions: Sendable, Equatable, Codable {
    /// 0 is greedy: exact arg-max, ties to the lower id.
    package var temperature: Float = 0
    /// Only the `topK` likeliest tokens; 0 is all.
    package var topK = 0
    /// Only the likeliest tokens that together have this probability; 1 is all.
    package var topP: Float = 1
    /// Only tokens at least this fraction as likely as the likeliest one; 0 is all.
    package var minP: Float = 0
    /// Divides positive and multiplies negative logits of tokens seen before (prompt and answer); 1 is off.
    ///
    /// - SeeAlso: `RepetitionPenaltyLogitsProcessor` in Hugging Face transformers.
    package var repetitionPenalty: Float = 1
    /// The key of the noise: the same seed gives the same answer, for any number of ranks.
    package var seed: UInt64 = 0

    package init() {}

    /// Whether a rank can pick its own candidate from its own shard of the vocabulary.
    var needsOnlyCandidates: Bool {
        let isUnfiltered = topK == 0 && topP >= 1 && minP <= 0
        return repetitionPenalty == 1 && (temperature == 0 || isUnfiltered)
    }
}
