package import Requests

/// Both ends of a draft model: its own ranks, whose sequences run ahead of answers, and the decoder's, which check what they
/// guess.
extension Scheduler {
    /// Takes guesses in; those for unknown jobs are dropped.
    package mutating func offer(_ proposals: [DraftProposal]) {
        for proposal in proposals {
            if let index = running.firstIndex(where: { $0.job.id == proposal.id }) {
                running[index].proposal = proposal
            } else if let index = waiting.firstIndex(where: { $0.job.id == proposal.id }) {
                waiting[index].proposal = proposal
            }
        }
    }

    /// More of an answer is known: its sequence goes on behind that.
    ///
    /// One that grows beyond what this model knows is given up.
    ///
    /// - Parameter start: the position, in prompt and answer, of the first of `tokens`.
    package mutating func confirm(id: String, start: Int, tokens: [Int32]) {
        if let index = waiting.firstIndex(where: { $0.job.id == id }) {
            waiting[index].confirm(tokens, from: start)
            if waiting[index].tokens.count >= limits.maxPositions { _ = cancel(id: id) }
            return
        }
        guard let index = running.firstIndex(where: { $0.job.id == id }) else { return }
        running[index].confirm(tokens, from: start)
        guard running[index].tokens.count < limits.maxPositions else {
            _ = cancel(id: id)
            return
        }
        namePages(of: index)
        // Where the answer is ahead, it is read like a prompt, in the next step.
        if running[index].isPrefilling { running[index].stepsLeft = 1 }
        while pagesNeeded(running[index].tokens.count) > running[index].pages.count {
            guard let page = pages.take() else { return preempt(index) }
            running[index].pages.append(page)
        }
    }

    /// What the sequences have guessed since the last call.
    package mutating func takeProposals() -> [DraftProposal] {
        defer { proposals = [] }
        return proposals
    }

    /// Tells what a sequence has guessed beyond what is known.
    mutating func propose(_ index: Int) {
        guard let lead = running[index].lead else { return }
        let guessed = Array(running[index].tokens[lead.confirmed...])
        proposals.append(DraftProposal(id: running[index].job.id, start: lead.confirmed, tokens: guessed))
    }
}
