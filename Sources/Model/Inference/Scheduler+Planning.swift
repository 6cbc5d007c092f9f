package import Requests

extension Scheduler {
    /// The next step; its runs may be empty when every prompt waits for tiles.
    ///
    /// - Parameter prefillBudget: tokens of prompts at most; never more than the limit.
    package mutating func nextPlan(prefillBudget: Int = .max) -> StepPlan {
        admit()
        securePages()
        var plan = StepPlan()
        (plan.openings, plan.closings) = images.takeChanges()
        plannedRuns = []
        for index in running.indices where !running[index].isPrefilling { schedule(index, count: 1, in: &plan) }
        var budget = min(limits.prefillChunk, prefillBudget)
        for index in running.indices where running[index].isPrefilling && budget > 0 {
            let count = min(budget, running[index].readyEnd(images) - running[index].cached)
            guard count > 0 else { continue }
            schedule(index, count: count, in: &plan)
            budget -= count
        }
        return plan
    }

    // MARK: - Pages

    /// Admits from the head of the line while there are pages: for all of a sequence's tokens and the next one, and a
    /// page for each sequence that runs, so that they do not push each other out at once.
    private mutating func admit() {
        while let next = waiting.first, running.count < limits.maxSequences {
            let hit = cachedPages(of: next)
            let fresh = pagesNeeded(next.tokens.count + 1) - hit.count
            let idleHits = hit.reduce(0) { $0 + (pages.isIdle($1.page) ? 1 : 0) }
            guard fresh + idleHits + running.count <= pages.availableCount || running.isEmpty else { return }
            var sequence = waiting.removeFirst()
            for (page, key) in hit {
                pages.share(page)
                sequence.pages.append(page)
                sequence.keys.append(key)
            }
            sequence.cached = hit.count * limits.pageTokens
            sequence.firstHit = sequence.firstHit ?? min(sequence.cached, sequence.job.promptIds.count)
            for _ in 0..<fresh { if let page = pages.take() { sequence.pages.append(page) } }
            wantImages(of: sequence)
            running.append(sequence)
        }
    }

    /// The longest chain of known pages that a sequence begins with, one token at least left to compute.
    private func cachedPages(of sequence: JobSequence) -> [(page: Int32, key: PageKey)] {
        guard !sequence.job.trace else { return [] }
        var found: [(page: Int32, key: PageKey)] = []
        for index in 0..<((sequence.tokens.count - 1) / limits.pageTokens) {
            let key = self.key(sequence, page: index, after: found.last?.key)
            guard let page = pages.page(key) else { break }
            found.append((page, key))
        }
        return found
    }

    private func key(_ sequence: JobSequence, page: Int, after previous: PageKey?) -> PageKey {
        let start = page * limits.pageTokens
        let tokens = sequence.tokens[start..<(start + limits.pageTokens)]
        return PageKey(after: previous, tokens: tokens, from: start, images: sequence.job.images)
    }

    /// Asks for the images that a sequence needs and nobody encodes.
    mutating func wantImages(of sequence: JobSequence) {
        for image in sequence.job.images
        where image.positions.upperBound > sequence.cached && !images.isOpen(image.number) {
            images.open(image.number, tokens: image.count)
            wantedImages.append(image.number)
        }
    }

    /// Sees to it that every decoding sequence has a page for its next token; the last admitted make room.
    private mutating func securePages() {
        var index = 0
        while index < running.count {
            guard !running[index].isPrefilling, pagesNeeded(running[index].cached + 1) > running[index].pages.count
            else {
                index += 1
                continue
            }
            if let page = pages.take() {
                running[index].pages.append(page)
            } else {
                preempt(running.count - 1)
            }
        }
    }

    /// Takes a sequence's pages away; it goes back to the head of the line.
    private mutating func preempt(_ index: Int) {
        var sequence = running.remove(at: index)
        pages.release(sequence.pages)
        sequence.pages = []
        sequence.keys = []
        sequence.cached = 0
        preempted.append(sequence.job.id)
        waiting.insert(sequence, at: 0)
    }

    // MARK: - Runs

    private mutating func schedule(_ index: Int, count: Int, in plan: inout StepPlan) {
        let sequence = running[index]
        let range = sequence.cached..<(sequence.cached + count)
        let isWhole = range.upperBound == sequence.tokens.count
        let job = sequence.job
        plan.visual += sequence.visualRows(range, firstRow: plan.tokens.count)
        plan.tokens += sequence.tokens[range]
        plan.runs.append(
            StepPlan.Run(
                start: Int32(range.lowerBound),
                count: Int32(count),
                pages: Array(sequence.pages.prefix(pagesNeeded(range.upperBound))),
                logits: !isWhole ? .none : job.trace ? .all : .candidates,
                choice: isWhole ? sequence.choice : TokenChoice()
            )
        )
        plannedRuns.append(index)
    }

    // MARK: - What a step has brought

    /// A job that has ended, and what the leader knows of it.
    package struct Ending: Sendable, Equatable {
        package var id: String
        package var reason: FinishReason
        package var cachedTokens: Int
        package var thinkingCut: String?

        package init(id: String, reason: FinishReason, cachedTokens: Int, thinkingCut: String? = nil) {
            self.id = id
            self.reason = reason
            self.cachedTokens = cachedTokens
            self.thinkingCut = thinkingCut
        }
    }

    /// The step has been computed.
    ///
    /// - Parameters:
    ///   - choices: the token chosen for each run whose logits the plan asked for, by place of the run.
    ///   - broken: the runs whose logits are not numbers: their sequences end, and `takeFailures` says so.
    ///   - report: gets the tokens, the progress of prompts, and the changes of the cache.
    package mutating func complete(
        _ plan: StepPlan,
        choices: [Int: Int32],
        broken: Set<Int> = [],
        report: inout StepReport
    ) -> [Ending] {
        var endings: [Ending] = []
        var ended: [Int] = []
        for (place, run) in plan.runs.enumerated() {
            let index = plannedRuns[place]
            if !broken.contains(place) { advance(index, by: Int(run.count), &report) }
            if broken.contains(place) {
                failures.append(fail(running[index]))
                ended.append(index)
                continue
            }
            guard let chosen = choices[place] else { continue }
            let token = running[index].thinkGuard?.replace(chosen) ?? chosen
            running[index].append(token)
            let id = running[index].job.id
            report.tokens.append(StepReport.Tokens(id: id, ids: [token]))
            guard let reason = finishReason(running[index], after: token) else { continue }
            endings.append(
                Ending(
                    id: id,
                    reason: reason,
                    cachedTokens: running[index].firstHit ?? 0,
                    thinkingCut: running[index].thinkGuard?.cut?.rawValue
                )
            )
            ended.append(index)
        }
        for index in ended.sorted(by: >) {
            pages.release(running[index].pages)
            running.remove(at: index)
        }
        plannedRuns = []
        (report.keptPages, report.droppedPages) = pages.takeChanges()
        report.preempted = preempted
        preempted = []
        report.load = load
        return endings
    }

    /// More of a sequence is in the cache; pages that are full now can be shared.
    private mutating func advance(_ index: Int, by count: Int, _ report: inout StepReport) {
        let wasPrefilling = running[index].isPrefilling
        running[index].cached += count
        for page in running[index].keys.count..<(running[index].cached / limits.pageTokens) {
            let key = self.key(running[index], page: page, after: running[index].keys.last)
            running[index].keys.append(key)
            pages.register(running[index].pages[page], key)
        }
        guard wasPrefilling else { return }
        let job = running[index].job
        let total = job.promptIds.count
        report.prefill.append(StepReport.Prefill(id: job.id, done: min(running[index].cached, total), total: total))
    }

    private func finishReason(_ sequence: JobSequence, after token: Int32) -> FinishReason? {
        if let reason = sequence.job.finishReason(last: token, count: sequence.generatedCount) { return reason }
        if sequence.tokens.count >= limits.maxPositions { return .length }
        return nil
    }
}
