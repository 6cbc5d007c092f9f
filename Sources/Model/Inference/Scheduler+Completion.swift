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
            if broken.contains(place) {
                failures.append(fail(running[index]))
                ended.append(index)
                continue
            }
            advance(index, by: Int(run.count), &report)
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
        while running[index].keyedPages < running[index].cached / limits.pageTokens {
            let page = running[index].keyedPages
            pages.register(running[index].pages[page], running[index].key(ofPage: page, pageTokens: limits.pageTokens))
            running[index].keyedPages += 1
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
