internal import GroupLink
internal import Requests

/// When a job reached which stage, on the leader's clock.
///
/// Prefill of a tile overlaps the encoding of the next one, so the stages of a picture may add up to more than the time
/// to the first token.
///
/// A class, since a value in a dictionary cannot be changed where it is without an allocation.
final class JobClock {
    private let submitted = ContinuousClock.now
    private let hasImages: Bool
    private var imagesArrived: ContinuousClock.Instant?
    private var firstToken: ContinuousClock.Instant?
    private var prefill = Duration.zero

    init(hasImages: Bool) { self.hasImages = hasImages }

    func gotImages() { imagesArrived = imagesArrived ?? ContinuousClock.now }
    func gotToken() { firstToken = firstToken ?? ContinuousClock.now }
    /// A step took part of the prompt in.
    func prefilled(in step: Duration) { prefill += step }

    func summary(_ reason: FinishReason) -> JobSummary {
        var summary = JobSummary(reason)
        let now = ContinuousClock.now
        let token = firstToken ?? now
        // Pictures that were there already took no time.
        summary.visionMilliseconds = hasImages ? ((imagesArrived ?? submitted) - submitted).milliseconds : 0
        summary.prefillMilliseconds = prefill.milliseconds
        summary.firstTokenMilliseconds = (token - submitted).milliseconds
        summary.decodeMilliseconds = (now - token).milliseconds
        return summary
    }
}
