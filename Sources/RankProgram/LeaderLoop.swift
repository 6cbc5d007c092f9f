internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Kernels
internal import SAILVL2Model

/// Decoder rank 0's main loop: commands in, steps, reports out.
final class LeaderLoop {
    private let endpoint: any RankEndpoint
    private let leader: Leader
    private let vocabulary: Int
    private var clocks: [String: JobClock] = [:]
    /// Called with encode commands; only a group in one process takes them here.
    private let onImage: (ImageJob, Data) -> Void
    private let onCancel: (String) -> Void

    init(
        _ worker: DecoderWorker,
        options: RankOptions,
        endpoint: any RankEndpoint,
        channel: any PlanChannel,
        inbox: any TileInbox,
        onImage: @escaping (ImageJob, Data) -> Void = { _, _ in },
        onCancel: @escaping (String) -> Void = { _ in }
    ) {
        self.endpoint = endpoint
        self.onImage = onImage
        self.onCancel = onCancel
        let config = worker.decoder.config
        vocabulary = config.vocabulary
        let limits = Scheduler.Limits(
            prefillChunk: options.prefillChunk,
            maxSequences: options.maxSequences,
            pages: KVLayout.pages(for: options.cacheTokens),
            pageTokens: KVLayout.pageTokens,
            maxPositions: config.maxPositions
        )
        leader = Leader(worker: worker, limits: limits, channel: channel, inbox: inbox) { trace in
            endpoint.send(trace, hidden: config.hidden)
        }
    }

    /// Runs until the process in front says that the work is over.
    func run() throws {
        var idle = IdleWait()
        while true {
            endpoint.tick()
            var hadWork = false
            while let command = endpoint.poll() {
                hadWork = true
                if command.message == .shutdown {
                    try leader.shutDown()
                    return
                }
                take(command)
            }
            let began = ContinuousClock.now
            if let events = try leader.step() {
                hadWork = true
                let took = ContinuousClock.now - began
                for event in events { report(event, step: (began, took)) }
            }
            if hadWork { idle.reset() } else { idle.pause() }
        }
    }

    private func take(_ command: Received<LinkCommand>) {
        switch command.message {
        case .generate(let job):
            clocks[job.id] = JobClock(hasImages: !job.images.isEmpty)
            guard let request = GenerationRequest(job, vocabulary: vocabulary) else {
                report(.refused(id: job.id, reason: "the prompt has token ids outside 0..<\(vocabulary)"))
                return
            }
            if let refusal = leader.submit(request) { report(refusal) }
        case .encode(let image):
            onImage(image, command.attachment)
        case .cancel(let id):
            onCancel(id)
            if let event = leader.cancel(id: id) { report(event) }
        default:
            break
        }
    }

    private func report(
        _ event: GenerationEvent,
        step: (began: ContinuousClock.Instant, took: Duration) = (.now, .zero)
    ) {
        switch event {
        case .imagesArrived(let id):
            clocks[id]?.gotImages(at: step.began)
        case .prefill(let id, let done, let total):
            clocks[id]?.prefilled(in: step.took)
            endpoint.send(.progress(id: id, stage: "prefill", done: done, total: total))
        case .token(let id, let token):
            clocks[id]?.gotToken()
            endpoint.send(.tokens(id: id, ids: [token]))
        case .finished(let id, let reason):
            let clock = clocks.removeValue(forKey: id)
            endpoint.send(.finished(id: id, clock?.summary(finish: reason) ?? JobSummary(finish: reason.rawValue)))
        case .refused(let id, let reason):
            clocks[id] = nil
            endpoint.send(.failed(RankFailure(id: id, exitCode: ExitCode.usage.rawValue, message: reason)))
        }
    }
}

/// When a job reached which stage, on the leader's clock.
///
/// Prefill of a tile overlaps the encoding of the next one, so the stages of a picture may add up to more than the time
/// to the first token.
private struct JobClock {
    private let submitted = ContinuousClock.now
    private let hasImages: Bool
    private var imagesArrived: ContinuousClock.Instant?
    private var firstToken: ContinuousClock.Instant?
    private var prefill = Duration.zero

    init(hasImages: Bool) { self.hasImages = hasImages }

    mutating func gotImages(at time: ContinuousClock.Instant) { imagesArrived = time }
    mutating func gotToken() { firstToken = firstToken ?? ContinuousClock.now }
    /// A step took part of the prompt in.
    mutating func prefilled(in step: Duration) { prefill += step }

    func summary(finish: FinishReason) -> JobSummary {
        var summary = JobSummary(finish: finish.rawValue)
        let now = ContinuousClock.now
        let token = firstToken ?? now
        summary.visionMilliseconds = hasImages ? ((imagesArrived ?? now) - submitted).milliseconds : 0
        summary.prefillMilliseconds = prefill.milliseconds
        summary.firstTokenMilliseconds = (token - submitted).milliseconds
        summary.decodeMilliseconds = (now - token).milliseconds
        return summary
    }
}
