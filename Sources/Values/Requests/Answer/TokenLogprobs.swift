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
            self.logprob = logprob
        }
    }

    package init(id: Int32, logprob: Float, top: [Alternative]) {
        self.id = id
        self.logprob = logprob
        self.top = top
    }
}
