internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Kernels
internal import Requests
internal import SAILVL2Model

/// Decoder rank 0's main loop: commands in, steps, reports out.
final class LeaderLoop {
    private let endpoint: any RankEndpoint
    private let leader: Leader
    private let meter: CommunicationMeter
    private let activity = ActivityMeter()
    private let vocabulary: Int
    /// Whether these ranks guess for others.
    private let isDraftModel: Bool
    private var clocks: [String: JobClock] = [:]
    /// As the process in front knows it; nothing before the first report.
    private var reportedLoad: LeaderLoad?
    /// Called with encode commands; only a group in one process takes them here.
    private let onImage: (ImageJob, Data) -> Void
    private let onForget: ([Int32]) -> Void

    init(
        _ worker: DecoderWorker,
        options: RankOptions,
        endpoint: any RankEndpoint,
        channel: any PlanChannel,
        inbox: any TileInbox,
        formats: FormatDesk,
        pages: PagesOnDisk? = nil,
        onImage: @escaping (ImageJob, Data) -> Void = { _, _ in },
        onForget: @escaping ([Int32]) -> Void = { _ in }
    ) {
        self.endpoint = endpoint
        self.onImage = onImage
        self.onForget = onForget
        let config = worker.decoder.config
        vocabulary = config.vocabulary
        isDraftModel = options.draftLead > 0
        meter = worker.decoder.communicator.meter
        leader = Leader(
            worker: worker,
            limits: Scheduler.Limits(options, maxPositions: config.maxPositions),
            slowdown: options.decodeSlowdown,
            channel: channel,
            inbox: inbox,
            formats: formats,
            pages: pages
        ) { trace in
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
                if command.message == .shutdown { return try shutDown() }
                take(command)
            }
            // Before a step that may take long: the process in front waits longer where it knows of work.
            reportLoad()
            if let outcome = try leader.step() {
                hadWork = true
                report(outcome)
            }
            for note in leader.takeNotes() { endpoint.send(.log(note)) }
            activity.report(to: endpoint, meter)
            if hadWork { idle.reset() } else { idle.pause() }
        }
    }

    /// The pages that memory holds are kept first, as many as there is time for.
    private func shutDown() throws {
        let deadline = ContinuousClock.now + RankOptions.timeToKeepPages
        try leader.keepPages {
            endpoint.tick()
            return ContinuousClock.now < deadline
        }
        for note in leader.takeNotes() { endpoint.send(.log(note)) }
        try leader.shutDown()
    }

    private func take(_ command: Received<LinkCommand>) {
        switch command.message {
        case .generate(let job): submit(job)
        case .encode(let image): onImage(image, command.attachment)
        case .forget(let images):
            onForget(images)
            leader.forget(images: images)
        case .confirm(let id, let start, let tokens):
            // A model with fewer tokens cannot go on behind one that it does not know.
            guard isKnown(tokens) else { return _ = leader.cancel(id: id) }
            leader.confirm(id: id, start: start, tokens: tokens)
        case .drafts(let proposals):
            leader.offer(
                proposals.map { .init(id: $0.id, start: $0.start, tokens: Array($0.tokens.prefix { isKnown([$0]) })) }
            )
        case .cancel(let id):
            // One that a draft model has given up by itself leaves its clock.
            guard leader.cancel(id: id) else { return clocks[id] = nil }
            finish(Scheduler.Ending(id: id, reason: .cancelled, cachedTokens: 0))
        default:
            break
        }
    }

    private func submit(_ job: GenerateJob) {
        guard isKnown(job.promptIds), isKnown(job.answerIds), isKnown(job.claim ?? []) else {
            let message = "the prompt or the answer has token ids outside 0..<\(vocabulary)"
            return endpoint.send(.failed(RankFailure(.badRequest, id: job.id, message: message)))
        }
        if let refusal = leader.submit(job) {
            endpoint.send(.failed(RankFailure(refusal.kind, id: job.id, message: refusal.message)))
        } else {
            clocks[job.id] = JobClock(hasImages: !job.images.isEmpty)
        }
    }

    private func isKnown(_ tokens: [Int32]) -> Bool { tokens.allSatisfy((0..<Int32(vocabulary)).contains) }

    private func report(_ outcome: Leader.Outcome) {
        if !outcome.proposals.isEmpty { endpoint.send(.drafts(outcome.proposals)) }
        for id in outcome.imagesArrived { clocks[id]?.gotImages() }
        for prefill in outcome.report.prefill { clocks[prefill.id]?.prefilled(in: outcome.duration) }
        for tokens in outcome.report.tokens { clocks[tokens.id]?.gotToken() }
        if outcome.duration > .zero { activity.noteStep(outcome.duration) }
        if !outcome.wantedImages.isEmpty { endpoint.send(.imagesWanted(outcome.wantedImages)) }
        if outcome.report.hasNews, !isDraftModel {
            reportedLoad = outcome.report.load
            endpoint.send(.step(outcome.report))
        }
        for ending in outcome.endings { finish(ending) }
        for failure in outcome.failures { fail(failure) }
    }

    /// A job that ended without an answer: the process in front is told, and its log.
    private func fail(_ failure: RankFailure) {
        if let id = failure.id { clocks[id] = nil }
        activity.noteFailure()
        endpoint.send(.log("job \(failure.id ?? "-"): \(failure.message)"))
        endpoint.send(.failed(failure))
    }

    /// What a cancelled job gave up, or one that waits takes, is told without a step too.
    private func reportLoad() {
        let load = leader.scheduler.load
        guard load != reportedLoad, !isDraftModel else { return }
        reportedLoad = load
        var report = StepReport()
        report.load = load
        endpoint.send(.step(report))
    }

    private func finish(_ ending: Scheduler.Ending) {
        let clock = clocks.removeValue(forKey: ending.id)
        var summary = clock?.summary(ending.reason) ?? JobSummary(ending.reason)
        summary.cachedTokens = ending.cachedTokens
        summary.thinkingCut = ending.thinkingCut
        endpoint.send(.finished(id: ending.id, summary))
    }
}

extension StepReport {
    /// Whether there is anything in it that the process in front does not know.
    var hasNews: Bool {
        !tokens.isEmpty || !prefill.isEmpty || !tiles.isEmpty || !preempted.isEmpty || !keptPages.isEmpty
            || !droppedPages.isEmpty
    }
}

extension RankEndpoint {
    /// Sends a tensor that was asked for by a trace.
    func send(_ trace: Leader.Trace, hidden: Int) {
        switch trace {
        case .logits(let id, let values):
            let tensor = TraceTensor(id: id, name: "logits", shape: [1, values.count])
            send(.trace(tensor), attachment: values.withUnsafeBytes { Data($0) })
        case .visualTokens(let id, let image, let values):
            let tensor = TraceTensor(id: id, name: "visual_tokens.\(image)", shape: [values.count / hidden, hidden])
            send(.trace(tensor), attachment: values.withUnsafeBytes { Data($0) })
        }
    }
}
