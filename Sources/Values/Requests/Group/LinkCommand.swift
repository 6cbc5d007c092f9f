/// What the process in front tells a rank.
///
/// Any command may carry an attachment of raw bytes.
package enum LinkCommand: Codable, Sendable, Equatable {
    /// The rank is let in: the answer to its hello.
    case welcome(version: String)
    /// The rank is not let in, and why; the link closes.
    case refused(reason: String)
    /// Every rank has said hello: where each of them dialled from, in the order of the ranks; `nil` is the host of the
    /// process in front, which has another address for each network.
    case formed(addresses: [String?])
    /// Generate an answer; to decoder rank 0.
    case generate(GenerateJob)
    /// Encode an image, whose file's bytes are the attachment; to vision ranks.
    ///
    /// The image stays, complete or not, until it is forgotten: later jobs may refer to it too.
    case encode(ImageJob)
    /// Tokens of an answer that the decoder has taken, the first of them at position `start` of prompt and answer; to the
    /// leader of a draft model's ranks, which goes on behind them.
    case confirm(id: String, start: Int, tokens: [Int32])
    /// What a draft model guesses; to decoder rank 0.
    case drafts([DraftProposal])
    /// Stop work on a job, if it is still known; to decoder rank 0.
    case cancel(id: String)
    /// No job refers to these images any more: to vision ranks, which stop encoding them, and to decoder rank 0, by
    /// which every decoder rank frees their visual tokens.
    case forget(images: [Int32])
    /// Finish and exit with 0; nothing follows.
    case shutdown
    /// Answered by the link's own thread; a rank's main thread never sees it.
    case ping(number: UInt64)
}
