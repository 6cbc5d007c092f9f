internal import Requests

extension Scheduler {
    /// What a step has before it, as its budget depends on it.
    package struct Demand: Sendable, Equatable {
        /// Sequences that get a token.
        package var decoding: Int
        /// Tokens that short prompts must take in this step for their first tokens to come as promised.
        package var urgent: Int
    }

    /// Admits whom there is room for, and sees what the next step has before it.
    package mutating func prepare() -> Demand {
        beginSaves()
        admit()
        securePages()
        let urgent = running.reduce(0) { $0 + ($1.isPrefilling ? $1.reader(images).urgent : 0) }
        return Demand(decoding: decodingCount, urgent: urgent)
    }

    /// The next step; its runs may be empty when every prompt waits for tiles.
    ///
    /// - Parameters:
    ///   - demand: what `prepare` has just said.
    ///   - prefillBudget: tokens of prompts at most; never more than the limit.
    ///   - urgent: tokens of short prompts besides, as far as the limit allows.
    ///   - plan: an empty one, whose memory is used.
    package mutating func nextPlan(
        for demand: Demand,
        prefillBudget: Int,
        urgent: Int,
        into plan: inout StepPlan
    ) {
        images.takeChanges(into: &plan)
        planTransfers(in: &plan)
        plannedRuns.removeAll(keepingCapacity: true)
        chooseDrafts()
        for index in running.indices where running[index].isDecoding { schedule(index, count: 1, in: &plan) }
        guard demand.decoding < running.count else { return }
        let urgent = min(urgent, demand.urgent, limits.prefillChunk)
        let budget = min(prefillBudget, limits.prefillChunk - urgent)
        for (index, count) in shares(budget, urgent: urgent) where count > 0 {
            schedule(index, count: count, in: &plan)
        }
    }

    /// What each sequence whose prompt is read gets of a step, in the order of admission.
    private mutating func shares(_ budget: Int, urgent: Int) -> [(index: Int, count: Int)] {
        let indices = running.indices.filter { running[$0].isPrefilling }
        let readers = indices.map { running[$0].reader(images) }
        var counts = PromptShares.divide(readers, budget: budget, urgent: urgent)
        var seats = limits.maxSequences - (running.count - indices.count)
        for place in indices.indices.sorted(by: { PromptShares.comesFirst(readers[$0], readers[$1]) }) {
            let sequence = running[indices[place]]
            if sequence.cached + counts[place] >= sequence.decodesFrom {
                // One that has no seat among those that decode stays one token short until there is one.
                if seats > 0 { seats -= 1 } else { counts[place] = sequence.decodesFrom - 1 - sequence.cached }
            }
            if readers[place].urgent > 0 { running[indices[place]].stepsLeft = max(1, (sequence.stepsLeft ?? 1) - 1) }
        }
        return zip(indices, counts).map { ($0, $1) }
    }

    private mutating func schedule(_ index: Int, count: Int, in plan: inout StepPlan) {
        let sequence = running[index]
        let range = sequence.cached..<(sequence.cached + count)
        let isWhole = range.upperBound == sequence.tokens.count
        let job = sequence.job
        plan.visual += sequence.visualRows(range, firstRow: plan.tokens.count)
        plan.tokens += sequence.tokens[range]
        plan.tokens += sequence.draft
        // The list itself where the step needs all of it, as it nearly always does while an answer grows.
        let pages = pagesNeeded(range.upperBound + sequence.draft.count)
        plan.runs.append(
            StepPlan.Run(
                start: Int32(range.lowerBound),
                count: Int32(count + sequence.draft.count),
                pages: pages == sequence.pages.count ? sequence.pages : Array(sequence.pages.prefix(pages)),
                logits: !isWhole ? .none : job.trace ? .all : .candidates,
                drafts: Int32(sequence.draft.count),
                choice: isWhole ? sequence.choice : TokenChoice()
            )
        )
        plannedRuns.append(index)
    }
}
