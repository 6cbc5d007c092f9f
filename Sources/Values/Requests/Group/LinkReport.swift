/// What a rank tells the process in front.
///
/// Any report may carry an attachment of raw bytes.
package enum LinkReport: Codable, Sendable, Equatable {
    /// The first report on a link, after the secret.
    case hello(RankHello)
    /// A part of the start begins.
    case stage(StartStage)
    /// The ranks from which a first message has come over MPI so far.
    case met([Int])
    /// Part of loading is done.
    case progress(stage: String, done: Int, total: Int)
    /// The rank has loaded its shard and waits for work.
    case ready(RankStats)
    /// What a step of the decoder ranks brought; from decoder rank 0.
    case step(StepReport)
    /// What a draft model guesses comes next; from the leader of its ranks.
    case drafts([DraftProposal])
    /// A job's last report.
    case finished(id: String, JobSummary)
    /// A job (`id`), an image (`image`) or, where both are `nil`, the rank itself failed; in the last case it exits next.
    case failed(RankFailure)
    /// Images that were said not to be coming are needed after all; from decoder rank 0.
    case imagesWanted([Int32])
    /// What the rank has done since it started; at most once a second, and only after work.
    case activity(RankActivity)
    /// A tensor for `--trace`, whose values are the attachment.
    case trace(TraceTensor)
    /// A line for the log.
    case log(String)
    /// The answer to a ping; `ticks` counts turns of the main loop, so that a hung main thread shows too.
    case pong(number: UInt64, ticks: UInt64)
    /// The rank closes the link on purpose.
    case goodbye
}
