internal import Tensors

/// Decoder rank 0: schedules steps, tells the followers, samples, and reports what happened.
///
/// A rank whose vocabulary shard is empty sends a candidate of −∞ and is never chosen.
package final class Leader {
    /// What a request that asked for a trace gets besides its tokens.
    package enum Trace {
        /// `[vocabulary]`, of the step that chose the next token.
        case logits(id: String, [Float])
        /// `[tokens, hidden]`, the image's place among the request's images.
        case visualTokens(id: String, image: Int, [Float])
    }

    package private(set) var scheduler: Scheduler
    private let worker: DecoderWorker
    private let channel: any PlanChannel
    private let inbox: any TileInbox
    private var words: [Int32] = []
    private let onTrace: (Trace) -> Void

    package init(
        worker: DecoderWorker,
        limits: Scheduler.Limits,
        channel: any PlanChannel,
        inbox: any TileInbox,
        onTrace: @escaping (Trace) -> Void
    ) {
        self.worker = worker
        scheduler = Scheduler(limits)
        self.channel = channel
        self.inbox = inbox
        self.onTrace = onTrace
    }

    /// Puts a request in line; the event is a refusal, if it can never run.
    package func submit(_ request: GenerationRequest) -> GenerationEvent? { scheduler.submit(request) }

    /// Ends a request; it takes part in no further step.
    package func cancel(id: String) -> GenerationEvent? {
        scheduler.cancel(id: id) ? .finished(id: id, reason: .cancelled) : nil
    }

    /// Runs one step if there is anything to do; `nil` when there was not.
    ///
    /// Between steps the leader takes whatever tiles have been announced, so that prefill of a tile overlaps the
    /// encoding of the next one.
    package func step() throws -> [GenerationEvent]? {
        var tiles: [TileHeader] = []
        while let header = try inbox.nextHeader() { tiles.append(header) }
        var arrivals: [GenerationEvent] = []
        for tile in tiles {
            let start = Int(tile.offset)
            arrivals += scheduler.tileArrived(image: tile.image, range: start..<(start + Int(tile.tokens)))
        }
        var plan = scheduler.nextPlan()
        plan.arrivals = tiles.map {
            StepPlan.TileArrival(source: $0.source, slot: $0.image, offset: $0.offset, tokens: $0.tokens)
        }
        guard !plan.isEmpty else { return nil }
        try broadcast(plan)
        let results = try worker.execute(plan)
        traceVisualTokens(plan)
        return arrivals + scheduler.complete(plan, choices: choose(results))
    }

    /// Tells the followers that the work is over.
    package func shutDown() throws {
        var plan = StepPlan()
        plan.isShutdown = true
        try broadcast(plan)
    }

    private func broadcast(_ plan: StepPlan) throws {
        plan.encoded(into: &words)
        try channel.broadcast(words)
    }

    private func choose(_ results: [LogitsResult]) -> [Int: Int32] {
        var choices: [Int: Int32] = [:]
        for result in results {
            switch result {
            case .candidate(let run, let candidate):
                choices[run] = candidate.token
            case .all(let run, var logits):
                let sequence = scheduler.sequence(ofRun: run)
                if sequence.request.wantsTrace { onTrace(.logits(id: sequence.request.id, logits)) }
                choices[run] = Sampler.choose(
                    &logits, sequence.request.sampling, position: sequence.position, seen: sequence.seen
                )
            }
        }
        return choices
    }

    /// Reports an image's visual tokens in the step that uses its last one, before the plan that closes the image.
    private func traceVisualTokens(_ plan: StepPlan) {
        for rows in plan.visual {
            guard let run = runIndex(ofRow: Int(rows.row), in: plan) else { continue }
            let request = scheduler.sequence(ofRun: run).request
            guard request.wantsTrace, let tokens = worker.images.tokens(slot: rows.slot),
                let image = request.images.firstIndex(where: { $0.number == rows.slot }),
                Int(rows.offset + rows.count) == request.images[image].positions.count
            else { continue }
            onTrace(.visualTokens(id: request.id, image: image, tokens.array))
        }
    }

    private func runIndex(ofRow row: Int, in plan: StepPlan) -> Int? {
        var end = 0
        return plan.runs.firstIndex { run in
            end += Int(run.count)
            return row < end
        }
    }
}
