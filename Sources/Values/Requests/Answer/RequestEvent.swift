/// What a request hears between its admission and its end, whoever asked: a line, HTTP, or this process.
///
/// `accepted` comes first, `ended` or `failed` once and last; a request that is turned away hears `failed` only.
package enum RequestEvent: Sendable, Equatable {
    case accepted(Ack)
    case progress(RequestProgress)
    /// The next piece of the reasoning, or of the answer.
    case thinking(Piece)
    case answer(Piece)
    case ended(Ending)
    /// `cause` is what a rank said, where one did.
    case failed(RequestError, cause: RankFailure? = nil)

    package var isLast: Bool {
        switch self {
        case .ended, .failed: true
        case .accepted, .progress, .thinking, .answer: false
        }
    }
}

/// A finished answer: what END says, and what only this process wants to know.
package struct Ending: Sendable, Equatable {
    package var end: End
    /// Every token that was generated, tags and end token included, and their log-probabilities if they were asked for.
    package var tokens: [Int32]
    package var logprobs: [TokenLogprobs]

    package init(end: End, tokens: [Int32], logprobs: [TokenLogprobs]) {
        self.end = end
        self.tokens = tokens
        self.logprobs = logprobs
    }
}
