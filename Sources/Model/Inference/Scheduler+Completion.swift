package import Requests

extension Scheduler {
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
    ///   - choices: the tokens chosen for each run whose logits the plan asked for, by place of the run: behind its last
    ///     certain token, and behind each draft; `nil` where the logits are not numbers.
    ///   - report: gets the tokens, the progress of prompts, and the changes of the cache.
    package mutating func complete(_ plan: StepPlan, choices: [Int: [Int32?]], report: inout StepReport) -> [Ending] {
        var endings: [Ending] = []
        var ended: [Int] = []
        for (place, run) in plan.runs.enumerated() {
            let index = plannedRuns[place]
            guard let chosen = choices[place] else {
                advance(index, by: Int(run.count), &report)
                continue
            }
            switch take(chosen, of: index, certain: Int(run.count - run.drafts), &report) {
            case .goesOn:
                if running[index].lead != nil { propose(index) }
                continue
            case .ended(let ending): endings.append(ending)
            case .failed: break
            }
            ended.append(index)
        }
        for index in ended.sorted(by: >) {
            disk?.touch(running[index].namedPages)
            pages.release(running[index].pages)
            running.remove(at: index)
        }
        plannedRuns = []
        (report.keptPages, report.droppedPages) = takePageChanges()
        report.preempted = preempted
        preempted = []
        report.load = load
        return endings
    }

    /// What a step has made of a sequence.
    private enum Fate {
        case goesOn
        case ended(Ending)
        case failed
    }

    /// Takes the tokens chosen for a run one by one, as long as the draft before each is the token that was taken.
    ///
    /// What stands in the cache behind them is written over by the next step.
    ///
    /// - Parameter certain: tokens of the run that are no drafts.
    private mutating func take(
        _ chosen: [Int32?],
        of index: Int,
        certain: Int,
        _ report: inout StepReport
    ) -> Fate {
        let draft = running[index].draft
        var tokens = StepReport.Tokens(id: running[index].job.id, ids: [])
        var accepted = 0
        defer {
            if !draft.isEmpty { tokens.draft = drafts.figures(of: running[index], accepted: accepted) }
            drafts.note(&running[index], accepted: accepted)
            if !tokens.ids.isEmpty { report.tokens.append(tokens) }
        }
        for (row, choice) in chosen.enumerated() {
            guard let choice else {
                failures.append(fail(running[index]))
                return .failed
            }
            advance(index, by: row == 0 ? certain : 1, &report)
            let token = running[index].replaced(choice)
            running[index].append(token)
            tokens.ids.append(token)
            let isDrafted = row < draft.count && draft[row] == token
            if isDrafted { accepted += 1 }
            if let reason = finishReason(running[index], after: token) {
                guard running[index].lead != nil else { return .ended(ending(of: running[index], reason)) }
                running[index].lead?.hasEnded = true
            }
            if !isDrafted { break }
        }
        return .goesOn
    }

    private mutating func ending(of sequence: JobSequence, _ reason: FinishReason) -> Ending {
        drafts.keep(sequence, pageTokens: limits.pageTokens)
        return Ending(
            id: sequence.job.id,
            reason: reason,
            cachedTokens: sequence.firstHit ?? 0,
            thinkingCut: sequence.thinkGuard?.cut?.rawValue
        )
    }

    /// More of a sequence is in the cache; pages that are full now can be shared.
    private mutating func advance(_ index: Int, by count: Int, _ report: inout StepReport) {
        let wasPrefilling = running[index].isPrefilling
        running[index].cached += count
        namePages(of: index)
        guard wasPrefilling else { return }
        let job = running[index].job
        let total = job.promptIds.count
        report.prefill.append(StepReport.Prefill(id: job.id, done: min(running[index].cached, total), total: total))
    }

    /// Gives a sequence's full pages their names, as far as its tokens will not change any more.
    mutating func namePages(of index: Int) {
        while running[index].keyedPages < running[index].lastingCount / limits.pageTokens {
            let page = running[index].keyedPages
            pages.register(running[index].pages[page], running[index].key(ofPage: page, pageTokens: limits.pageTokens))
            running[index].keyedPages += 1
        }
    }

    private func finishReason(_ sequence: JobSequence, after token: Int32) -> FinishReason? {
        if let reason = sequence.job.finishReason(last: token, count: sequence.generatedCount) { return reason }
        if sequence.tokens.count >= limits.maxPositions { return .length }
        return nil
    }
}
