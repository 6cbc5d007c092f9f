/// Log-probabilities at one position, from the logits before any filter.
package struct TokenLogprobs: Codable, Sendable, Equatable {
    package var id: Int32
    package var logprob: Float
    /// The likeliest tokens, likeliest first.
    package var top: [Alternative]

    package struct Alternative: Codable, Sendable, Equatable {
        package var id: Int32
        package var logprob: Float

        package init(id: Int32, logprob: Float) {
            self.id = id
            self.logprob = TokenLogprobs.finite(logprob)
        }
    }

    /// −9999, as in OpenAI's interface, for what is less likely or cannot be told.
    ///
    /// JSON has no infinity, and a token without a chance may still be taken: the end of thinking is forced.
    private static func finite(_ logprob: Float) -> Float { logprob >= -9999 ? min(logprob, 0) : -9999 }

    package init(id: Int32, logprob: Float, top: [Alternative]) {
        self.id = id
        self.logprob = Self.finite(logprob)
        self.top = top
    }
}
