/// One answer to generate, as the leader of the decoder ranks takes it: token ids and image places, no text.
package struct GenerationRequest: Sendable, Equatable {
    /// The place of an image's visual tokens in the prompt.
    package struct Image: Sendable, Equatable {
        /// The group-wide number under which the vision ranks deliver the image's tiles.
        package var number: Int32
        /// Positions in the prompt, one a visual token.
        package var positions: Range<Int>

        package init(number: Int32, positions: Range<Int>) {
            self.number = number
            self.positions = positions
        }
    }

    package var id: String
    package var prompt: [Int32]
    package var images: [Image]
    package var sampling: SamplingOptions
    /// Tokens to generate at most, the end token included.
    package var maxTokens: Int
    /// Tokens that end the answer.
    package var endTokens: [Int32]
    /// Whether visual tokens and the logits of every step are wanted.
    package var wantsTrace: Bool

    package init(
        id: String,
        prompt: [Int32],
        images: [Image] = [],
        sampling: SamplingOptions = SamplingOptions(),
        maxTokens: Int,
        endTokens: [Int32],
        wantsTrace: Bool = false
    ) {
        self.id = id
        self.prompt = prompt
        self.images = images
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.endTokens = endTokens
        self.wantsTrace = wantsTrace
    }
}

/// Why an answer ended, by its name on the wire.
package enum FinishReason: String, Sendable, Codable {
    case stop
    case length
    case stopString = "stop_string"
    case cancelled
    case deadline
}

/// What happened to a request in a step.
package enum GenerationEvent: Sendable, Equatable {
    /// Every visual token of the request has arrived on the decoder ranks.
    case imagesArrived(id: String)
    /// So many of the prompt's tokens are in the KV cache.
    case prefill(id: String, done: Int, total: Int)
    case token(id: String, token: Int32)
    case finished(id: String, reason: FinishReason)
    /// The request cannot be run by this group, ever.
    case refused(id: String, reason: String)
}
