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
    ///   - chosen: in the order of the runs, the tokens chosen for each whose logits the plan asked for: behind its last
    ///     certain token, and behind each draft.
    ///   - report: gets the tokens, the progress of prompts, and the changes of the cache.
    ///   - endings: gets the jobs that have ended.
    package mutating func complete(
        _ plan: StepPlan,
        chosen: [ChosenToken],
        report: inout StepReport,
        endings: inout [Ending]
    ) {
        var ended: [Int] = []
        var next = 0
        for (place, run) in plan.runs.enumerated() {
            let index = plannedRuns[place]
            let first = next
            while next < chosen.count, chosen[next].run == place { next += 1 }
            guard next > first else {
                advance(index, by: Int(run.count), &report)
                continue
            }
            switch take(chosen[first..<next], of: index, certain: Int(run.count - run.drafts), &report) {
            case .goesOn:
                if running[index].lead != nil { propose(index) }
                continue
            case .ended(let ending): endings.append(ending)
            case .failed: break
            }
            ended.append(index)
        }
        leave(ended)
        plannedRuns.removeAll(keepingCapacity: true)
        (report.keptPages, report.droppedPages) = takePageChanges()
        report.preempted = preempted
        preempted = []
        report.load = load
    }

    /// Sequences that have ended give their pages back.
    private mutating func leave(_ ended: [Int]) {
        for index in ended.sorted(by: >) {
            disk?.touch(running[index].namedPages)
            pages.release(running[index].pages)
            running.remove(at: index)
        }
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
        _ chosen: ArraySlice<ChosenToken>,
        of index: Int,
        certain: Int,
        _ report: inout StepReport
    ) -> Fate {
        var tokens = StepReport.Tokens(id: running[index].job.id, ids: spareLists.popLast() ?? [])
        var accepted = 0
        defer {
            if !running[index].draft.isEmpty { tokens.draft = drafts.figures(of: running[index], accepted: accepted) }
            drafts.note(&running[index], taken: tokens.ids.count, accepted: accepted)
            if !tokens.ids.isEmpty { report.tokens.append(tokens) }
        }
        for place in chosen.indices {
            guard let choice = chosen[place].token else {
                failures.append(fail(running[index]))
                return .failed
            }
            let row = place - chosen.startIndex
            advance(index, by: row == 0 ? certain : 1, &report)
            let token = running[index].replaced(choice)
            running[index].append(token)
            tokens.ids.append(token)
            let isDrafted = row < running[index].draft.count && running[index].draft[row] == token
            if isDrafted { accepted += 1 }
            if let reason = finishReason(running[index], after: token) {
                guard running[index].lead != nil else { return .ended(ending(of: running[index], reason)) }
                running[index].lead?.hasEnded = true
            }
            if !isDrafted { break }
        }
        return .goesOn
    }

    /// Takes the tokens out of a report that nobody needs any more; their lists are used for the next ones.
    mutating func recycle(_ report: inout StepReport) {
        while var tokens = report.tokens.popLast() {
            tokens.ids.removeAll(keepingCapacity: true)
            spareLists.append(tokens.ids)
        }
        report.clear()
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
