/// Decides what each step computes: iteration-level scheduling over the sequences that are under way.
///
/// In every step each decoding sequence gets one token, and the first sequence in line whose prompt is not in the
/// cache yet gets the rest of the budget, one chunk. A sequence is admitted when the pages for its prompt and its
/// longest answer are free, so that none ever has to give way to another.
///
/// Pure bookkeeping: no tensors, no clock, no communication.
///
/// - SeeAlso: Yu et al., *Orca*, OSDI'22, section 3.1; Kwon et al., *PagedAttention*, arXiv:2309.06180.
package struct Scheduler {
    /// The bounds of a step and of the cache.
    package struct Limits: Sendable, Equatable {
        /// Tokens of prompts in one step at most.
        package var prefillChunk: Int
        /// Sequences under way at most.
        package var maxSequences: Int
        /// Pages of the KV cache.
        package var pages: Int
        /// Tokens of a page.
        package var pageTokens: Int
        /// Positions that the model knows.
        package var maxPositions: Int

        package init(prefillChunk: Int, maxSequences: Int, pages: Int, pageTokens: Int, maxPositions: Int) {
            self.prefillChunk = prefillChunk
            self.maxSequences = maxSequences
            self.pages = pages
            self.pageTokens = pageTokens
            self.maxPositions = maxPositions
        }

        /// Rows of a step at most.
        package var maxRows: Int { prefillChunk + maxSequences }
    }

    package let limits: Limits
    private var pool: KVPagePool
    private var waiting: [Sequence] = []
    private var running: [Sequence] = []
    /// For each run of the plan under way, the place of its sequence in `running`.
    private var plannedRuns: [Int] = []
    private var openings: [StepPlan.ImageOpening] = []
    private var closings: [Int32] = []

    package init(_ limits: Limits) {
        self.limits = limits
        pool = KVPagePool(capacity: limits.pages)
    }

    package var hasSequences: Bool { !waiting.isEmpty || !running.isEmpty }

    /// Puts a request in line; the event is a refusal, if it can never run.
    package mutating func submit(_ request: GenerationRequest) -> GenerationEvent? {
        let longest = request.prompt.count + request.maxTokens
        if request.prompt.isEmpty || request.maxTokens < 1 {
            return .refused(id: request.id, reason: "a request needs a prompt and at least one token to generate")
        }
        if request.prompt.count >= limits.maxPositions {
            return .refused(
                id: request.id,
                reason: "the prompt has \(request.prompt.count) tokens, the model's context \(limits.maxPositions)"
            )
        }
        if pagesNeeded(min(longest, limits.maxPositions)) > limits.pages {
            return .refused(
                id: request.id,
                reason: "prompt and answer have up to \(longest) tokens, the KV cache room for "
                    + "\(limits.pages * limits.pageTokens)"
            )
        }
        waiting.append(Sequence(request))
        // Opened now, not at admission: tiles arrive in the order in which they were encoded, whoever waits.
        for image in request.images {
            openings.append(StepPlan.ImageOpening(slot: image.number, tokens: Int32(image.positions.count)))
        }
        return nil
    }

    /// Visual tokens of an image have arrived on every decoder rank.
    ///
    /// - Returns: the requests that now have all of theirs.
    package mutating func tileArrived(image: Int32, range: Range<Int>) -> [GenerationEvent] {
        Self.noteArrival(&waiting, image, range) + Self.noteArrival(&running, image, range)
    }

    /// Whether somebody still waits for tiles of this image.
    package func isOpen(image: Int32) -> Bool {
        (waiting + running).contains { sequence in
            sequence.areImagesOpen && sequence.request.images.contains { $0.number == image }
        }
    }

    /// Ends a request at once; `false` when it is unknown or has ended.
    package mutating func cancel(id: String) -> Bool {
        if let index = waiting.firstIndex(where: { $0.request.id == id }) {
            closings += waiting.remove(at: index).request.images.map(\.number)
            return true
        }
        guard let index = running.firstIndex(where: { $0.request.id == id }) else { return false }
        retire(index)
        return true
    }

    /// The next step; its runs may be empty when every prompt waits for tiles.
    package mutating func nextPlan() -> StepPlan {
        admit()
        var plan = StepPlan()
        plan.openings = openings
        plan.closings = closings
        openings = []
        closings = []
        plannedRuns = []
        for index in running.indices where !running[index].isPrefilling { schedule(index, count: 1, in: &plan) }
        var budget = limits.prefillChunk
        for index in running.indices where running[index].isPrefilling && budget > 0 {
            let count = min(budget, running[index].readyPromptEnd - running[index].cached)
            guard count > 0 else { continue }
            schedule(index, count: count, in: &plan)
            budget -= count
        }
        return plan
    }

    /// The step has been computed.
    ///
    /// - Parameter choices: the token chosen for each run whose logits the plan asked for, by place of the run.
    package mutating func complete(_ plan: StepPlan, choices: [Int: Int32]) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        var ended: [Int] = []
        for (runIndex, run) in plan.runs.enumerated() {
            let index = plannedRuns[runIndex]
            let id = running[index].request.id
            let wasPrefilling = running[index].isPrefilling
            running[index].cached += Int(run.count)
            if wasPrefilling {
                let total = running[index].request.prompt.count
                events.append(.prefill(id: id, done: running[index].cached, total: total))
                if !running[index].isPrefilling { closeImages(index) }
            }
            guard let token = choices[runIndex] else { continue }
            running[index].append(token)
            events.append(.token(id: id, token: token))
            if let reason = finishReason(running[index], after: token) {
                events.append(.finished(id: id, reason: reason))
                ended.append(index)
            }
        }
        for index in ended.sorted(by: >) { retire(index) }
        plannedRuns = []
        return events
    }

    /// The sequence behind a run of the plan under way: its request and what it has seen.
    package func sequence(ofRun run: Int) -> (request: GenerationRequest, position: Int, seen: Set<Int32>) {
        let sequence = running[plannedRuns[run]]
        return (sequence.request, sequence.tokens.count, sequence.seen)
    }

    // MARK: - Steps of the above

    private mutating func admit() {
        while let next = waiting.first, running.count < limits.maxSequences {
            let longest = min(next.request.prompt.count + next.request.maxTokens, limits.maxPositions)
            let needed = pagesNeeded(longest)
            guard needed <= pool.freeCount else { return }
            var sequence = waiting.removeFirst()
            sequence.pages = (0..<needed).compactMap { _ in pool.take() }
            running.append(sequence)
        }
    }

    private mutating func schedule(_ index: Int, count: Int, in plan: inout StepPlan) {
        let sequence = running[index]
        let range = sequence.cached..<(sequence.cached + count)
        let isWhole = range.upperBound == sequence.tokens.count
        let usesAll = sequence.request.wantsTrace || !sequence.request.sampling.needsOnlyCandidates
        plan.visual += sequence.isPrefilling ? sequence.visualRows(range, firstRow: plan.tokens.count) : []
        plan.tokens += sequence.tokens[range]
        plan.runs.append(
            StepPlan.Run(
                start: Int32(range.lowerBound),
                count: Int32(count),
                pages: Array(sequence.pages.prefix(pagesNeeded(range.upperBound))),
                logits: !isWhole ? .none : usesAll ? .all : .candidates,
                temperature: sequence.request.sampling.temperature,
                seed: sequence.request.sampling.seed
            )
        )
        plannedRuns.append(index)
    }

    private func finishReason(_ sequence: Sequence, after token: Int32) -> FinishReason? {
        if sequence.request.endTokens.contains(token) { return .stop }
        if sequence.generatedCount >= sequence.request.maxTokens { return .length }
        if sequence.tokens.count >= limits.maxPositions { return .length }
        return nil
    }

    private mutating func retire(_ index: Int) {
        closeImages(index)
        pool.give(back: running[index].pages)
        running.remove(at: index)
    }

    private mutating func closeImages(_ index: Int) {
        guard running[index].areImagesOpen else { return }
        running[index].areImagesOpen = false
        closings += running[index].request.images.map(\.number)
    }

    private func pagesNeeded(_ tokens: Int) -> Int { (tokens + limits.pageTokens - 1) / limits.pageTokens }

    private static func noteArrival(
        _ sequences: inout [Sequence],
        _ image: Int32,
        _ range: Range<Int>
    ) -> [GenerationEvent] {
        var complete: [GenerationEvent] = []
        for index in sequences.indices {
            for (place, candidate) in sequences[index].request.images.enumerated() where candidate.number == image {
                sequences[index].arrived[place].append(range)
                if sequences[index].hasAllImages { complete.append(.imagesArrived(id: sequences[index].request.id)) }
            }
        }
        return complete
    }
}
