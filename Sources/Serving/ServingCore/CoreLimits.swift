package import Requests

/// The bounds within which the core works.
package struct CoreLimits: Sendable {
    /// Requests in line and under way.
    package var inFlight = 64
    /// Sequences that a group computes side by side.
    package var sequences = 8
    /// Requests that a group has beyond those: enough to keep the leader and the vision ranks busy.
    package var ahead = 2
    /// Tokens of a prompt that the leader reads beside long ones: such a request is handed on though long prompts fill the
    /// group, as many as there are sequences.
    package var shortPrompt = 0
    /// Tokens of a page of the KV cache.
    package var pageTokens = 64
    /// Bytes of a visual token on a decoder rank.
    package var visualTokenBytes = 0
    /// Bytes of visual tokens that each decoder rank keeps for pictures that nobody uses at the moment.
    package var visualCacheBytes = 256 << 20
    /// Bytes of pictures kept for requests that name them by digest.
    package var pictureBytes = 256 << 20
    /// Ranks of a group that say that they are ready, less those of the decoder.
    package var visionRanks = 1
    /// Whether the process ends with the cause when a group is lost for good, as one that answers and ends should, or
    /// with an error about all the losses.
    package var endsWithCause = false
    /// Whether a group that is smaller than it could be is ended for a larger one.
    package var growsBack = true
    /// How long it then waits for a moment without work.
    package var growPatience = Duration.seconds(60)
    /// How long a group that has work may say nothing at all; and how long when its leader knows of no work.
    package var silence = Duration.seconds(300)
    package var silenceWithoutJobs = Duration.seconds(30)

    /// What the receipts of all answers have in common; `nil`: there are none.
    package var receipts: Receipt.Origin?
    /// Whether every answer has one, asked for or not.
    package var givesReceipts = false

    package init() {}
}
