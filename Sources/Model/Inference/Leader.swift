internal import Communication
internal import Constraints
package import Requests
internal import Tensors

/// Decoder rank 0: schedules steps, tells the followers, takes the tokens that come of it, and reports what happened.
package final class Leader {
    /// What a job that asked for a trace gets besides its tokens.
    package enum Trace {
        /// `[vocabulary]`, of the step that chose the next token.
        case logits(id: String, [Float])
        /// `[tokens, hidden]`, the image's place among the job's images.
        case visualTokens(id: String, image: Int, [Float])
    }

    /// What a step has brought.
    package struct Outcome {
        package var report = StepReport()
        package var endings: [Scheduler.Ending] = []
        /// Jobs that ended because their logits are not numbers.
        package var failures: [RankFailure] = []
        /// Jobs whose last visual token has arrived.
        package var imagesArrived: [String] = []
        package var wantedImages: [Int32] = []
        /// What a draft model's sequences have come to.
        package var proposals: [DraftProposal] = []
        package var duration = Duration.zero

        /// Everything but the report is as at first.
        fileprivate mutating func clear() {
            endings.removeAll(keepingCapacity: true)
            failures.removeAll(keepingCapacity: true)
            imagesArrived.removeAll(keepingCapacity: true)
            wantedImages.removeAll(keepingCapacity: true)
            proposals.removeAll(keepingCapacity: true)
            duration = .zero
        }
    }

    package private(set) var scheduler: Scheduler
    private let worker: DecoderWorker
    private let channel: any PlanChannel
    private let inbox: any TileInbox
    private var pacer: StepPacer
    /// Filled anew by each step, as is what it has brought.
    private var plan = StepPlan()
    private var outcome = Outcome()
    private var words: [Int32] = []
    private var announced = TileLine()
    private let formats: FormatDesk?
    /// Jobs whose formats are being made.
    private var unformatted: [(id: String, format: AnswerFormat)] = []
    private let pageInbox: (any PageInbox)?
    /// Since when a sequence waits for pages from the disks.
    private var awaitsPagesSince: ContinuousClock.Instant?
    private let onTrace: (Trace) -> Void
    /// Whether what steps take says how many drafts are worth their rows; a test wants the same ones in every run.
    var learnsCosts = true
    /// When the last step had ended, if nothing was waited for since.
    private var lastEnd: ContinuousClock.Instant?

    /// - Parameters:
    ///   - slowdown: how much longer a step may last for the sake of prompts while streams are decoding; `nil`: as long
    ///     as a whole chunk takes.
    ///   - formats: without it, jobs with a format are refused.
    ///   - pages: what the ranks have on their disks; `nil` where they keep none there.
    package init(
        worker: DecoderWorker,
        limits: Scheduler.Limits,
        slowdown: Double? = nil,
        channel: any PlanChannel,
        inbox: any TileInbox,
        formats: FormatDesk? = nil,
        pages: PagesOnDisk? = nil,
        onTrace: @escaping (Trace) -> Void
    ) {
        self.worker = worker
        scheduler = Scheduler(limits)
        pacer = StepPacer(slowdown: slowdown, chunk: limits.prefillChunk)
        self.channel = channel
        self.inbox = inbox
        self.formats = formats
        pageInbox = pages?.inbox
        self.onTrace = onTrace
        if let pages { scheduler.attach(pages.index) }
    }

    /// Puts a job in line; the result is why it can never run, if that is so.
    package func submit(_ job: GenerateJob) -> JobRefusal? {
        guard let format = job.format else { return scheduler.submit(job) }
        guard let formats else { return .badRequest("this group keeps to no formats of answers") }
        switch formats.constraint(format) {
        case .success(let constraint)?: return scheduler.submit(job, constraint: constraint)
        case .failure(let error)?: return .badRequest("format: \(error)")
        case nil:
            // In line already, so that its pictures find their place.
            if let refusal = scheduler.submit(job, awaitsFormat: true) { return refusal }
            unformatted.append((job.id, format))
            return nil
        }
    }

    /// Jobs whose formats have been made may begin; those whose cannot be, which is rare as all were checked, fail.
    private func takeFormats() -> [RankFailure] {
        var failures: [RankFailure] = []
        unformatted.removeAll { job in
            switch formats?.constraint(job.format) {
            case nil: return false
            case .success(let constraint)?: scheduler.constrain(id: job.id, constraint)
            case .failure(let error)?:
                guard scheduler.cancel(id: job.id) else { return true }
                failures.append(RankFailure(.badRequest, id: job.id, message: "format: \(error)"))
            }
            return true
        }
        return failures
    }

    /// Ends a job; it takes part in no further step.
    ///
    /// `false` if it is not known.
    package func cancel(id: String) -> Bool {
        unformatted.removeAll { $0.id == id }
        return scheduler.cancel(id: id)
    }

    /// Frees images' visual tokens, with the next step.
    package func forget(images: [Int32]) { scheduler.forget(images: images) }

    /// More of an answer is known for which this draft model's ranks guess.
    package func confirm(id: String, start: Int, tokens: [Int32]) {
        scheduler.confirm(id: id, start: start, tokens: tokens)
    }

    /// Takes guesses of a draft model in.
    package func offer(_ proposals: [DraftProposal]) { scheduler.offer(proposals) }

    /// Runs one step if there is anything to do; `nil` when there was not.
    ///
    /// Between steps the leader takes whatever tiles have been announced, so that prefill of a tile overlaps the
    /// encoding of the next one.
    package func step() throws -> Outcome? {
        scheduler.recycle(&outcome.report)
        outcome.clear()
        let tiles = try takeTiles()
        // In one process a tile is encoded meanwhile, which is no part of what a step costs.
        if !tiles.isEmpty { lastEnd = nil }
        if !unformatted.isEmpty { outcome.failures = takeFormats() }
        try takePages()
        let demand = scheduler.prepare()
        let decoding = demand.decoding
        let budget = pacer.budget(decoding: decoding, urgent: demand.urgent)
        plan.clear()
        scheduler.nextPlan(for: demand, prefillBudget: budget.prompts, urgent: budget.urgent, into: &plan)
        for tile in tiles {
            plan.arrivals.append(
                StepPlan.TileArrival(source: tile.source, slot: tile.image, offset: tile.offset, tokens: tile.tokens)
            )
        }
        outcome.wantedImages = scheduler.takeWantedImages()
        guard !plan.isEmpty else {
            lastEnd = nil
            return outcome.wantedImages.isEmpty && outcome.failures.isEmpty ? nil : outcome
        }
        let began = ContinuousClock.now
        try broadcast(plan)
        let chosen = try worker.execute(plan) { scheduler.sequence(ofRun: $0).allowed(behind: $1) }
        traceVisualTokens(plan)
        for tile in tiles { outcome.report.tiles.append(tile.image) }
        finish(chosen)
        let ended = ContinuousClock.now
        outcome.duration = ended - began
        if !plan.runs.isEmpty {
            // What lies between two steps, such as reports, is spared with every step that drafts spare.
            let whole = lastEnd.map { (ended - $0) / .seconds(1) }
            note(plan, decoding: decoding, seconds: outcome.duration / .seconds(1), whole: whole)
        }
        lastEnd = ended
        // Shares no list with a sequence any more, so that those grow where they lie.
        plan.clear()
        return outcome
    }

    /// Tiles whose turn it is, and the jobs that have all of theirs now.
    private func takeTiles() throws -> [TileHeader] {
        try inbox.advance()
        while let header = try inbox.nextHeader() { announced.append(header) }
        let tiles = announced.take { scheduler.hasNamed(image: $0) }
        for tile in tiles {
            let start = Int(tile.offset)
            outcome.imagesArrived += scheduler.tileArrived(image: tile.image, range: start..<(start + Int(tile.tokens)))
        }
        return tiles
    }

    /// What was chosen goes to the sequences, and into the outcome.
    private func finish(_ chosen: [ChosenToken]) {
        let hasMore = chosen.contains { $0.logits != nil || $0.logprobs != nil }
        let extras = hasMore ? StepExtras(chosen, scheduler) : nil
        for trace in extras?.traces ?? [] { onTrace(trace) }
        plan.releaseAdjustments()
        complete(chosen, &outcome)
        outcome.failures += scheduler.takeFailures()
        outcome.proposals = scheduler.takeProposals()
        extras?.attachLogprobs(to: &outcome.report)
    }

    /// The outcome is borrowed as a whole, so that two of its parts may be written at a time.
    private func complete(_ chosen: [ChosenToken], _ outcome: inout Outcome) {
        scheduler.complete(plan, chosen: chosen, report: &outcome.report, endings: &outcome.endings)
    }

    /// What a step has taken tells how much the next ones may hold.
    ///
    /// - Parameter whole: seconds since the end of the step before; `nil` where something was waited for.
    private func note(_ plan: StepPlan, decoding: Int, seconds: Double, whole: Double?) {
        let drafts = plan.runs.reduce(0) { $0 + Int($1.drafts) }
        let decoded = min(plan.runs.count { $0.count == $0.drafts + 1 && $0.logits != .none }, decoding)
        let prompt = plan.tokens.count - decoded - drafts
        // Prompts are paced by steps without drafts, and there are no drafts while prompts are read.
        if drafts == 0 { pacer.note(decoding: decoded, prompt: prompt, seconds: seconds) }
        if decoded == 0, prompt >= Self.measuredPrompt { scheduler.noteComputed(tokens: prompt, seconds: seconds) }
        if prompt == 0, learnsCosts, let whole { scheduler.note(rows: decoded + drafts, seconds: whole) }
    }

    /// Tokens of prompts from which on a step says how long one takes.
    private static let measuredPrompt = 64
    /// How long a sequence waits for pages from the disks before it is computed.
    private static let pagePatience = Duration.seconds(5)

    /// Hears what has become of pages on their way to the disks and back.
    private func takePages() throws {
        guard let pageInbox else { return }
        for outcome in try pageInbox.outcomes() { scheduler.note(outcome) }
        guard scheduler.isAwaitingPages else {
            awaitsPagesSince = nil
            return
        }
        let now = ContinuousClock.now
        let since = awaitsPagesSince ?? now
        awaitsPagesSince = since
        guard now - since > Self.pagePatience else { return }
        scheduler.stopAwaitingPages()
        awaitsPagesSince = nil
    }

    /// Sees to it that pages are on the disks before memory goes, and computes nothing more.
    ///
    /// - Parameter isTime: asked now and then; `false` ends it.
    package func keepPages(while isTime: () -> Bool) throws {
        var idle = IdleWait()
        while pageInbox != nil, isTime() {
            try takePages()
            var plan = StepPlan()
            scheduler.planTransfers(in: &plan)
            if !plan.isEmpty {
                try broadcast(plan)
                _ = try worker.execute(plan)
                idle.reset()
            }
            guard scheduler.hasPagesToKeep else { return }
            idle.pause()
        }
    }

    /// Sentences for the log, since the last call.
    package func takeNotes() -> [String] { scheduler.takeDiskNotes() }

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

    /// Reports an image's visual tokens in the step that uses its last one.
    private func traceVisualTokens(_ plan: StepPlan) {
        for rows in plan.visual {
            guard let run = plan.runIndex(ofRow: Int(rows.row)) else { continue }
            let job = scheduler.sequence(ofRun: run).job
            guard job.trace, let tokens = worker.images.tokens(slot: rows.slot),
                let image = job.images.firstIndex(where: { $0.number == rows.slot }),
                Int(rows.offset + rows.count) == job.images[image].count
            else { continue }
            onTrace(.visualTokens(id: job.id, image: image, tokens.array))
        }
    }
}
