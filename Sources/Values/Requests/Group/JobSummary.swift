/// How a job ended, with the times of the rank that ran it.
package struct JobSummary: Codable, Sendable, Equatable {
    package var reason: FinishReason
    package var visionMilliseconds = 0.0
    package var prefillMilliseconds = 0.0
    package var firstTokenMilliseconds = 0.0
    package var decodeMilliseconds = 0.0
    /// Tokens of the prompt that the prefix cache had when the job was first admitted.
    package var cachedTokens = 0
    /// Why the end of thinking was forced: `budget` or `loop`; `nil` if it was not.
    package var thinkingCut: String?

    package init(_ reason: FinishReason) { self.reason = reason }
}
