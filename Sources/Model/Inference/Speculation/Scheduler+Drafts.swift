internal import Requests

extension Scheduler {
    /// Gives the sequences that decode their drafts for the next step.
    ///
    /// None while a prompt is being read: its tokens make better use of rows, and are paced by steps without drafts.
    mutating func chooseDrafts() {
        guard limits.draftRows > 0,
            !running.contains(where: { $0.isPrefilling && $0.readyEnd(images) > $0.cached })
        else { return }
        drafts.owners.removeAll(keepingCapacity: true)
        drafts.division.clear()
        var rows = limits.draftRows
        for index in running.indices where !running[index].isPrefilling && running[index].job.claim != nil {
            rows -= draftClaim(of: index, most: rows)
        }
        for index in running.indices where !running[index].isPrefilling && running[index].job.claim == nil {
            let most = mostDrafts(of: index)
            guard most > 0, findDraft(of: index, most: most) else { continue }
            drafts.owners.append(index)
            drafts.offer(running[index].draftKinds, running[index].acceptance)
        }
        guard !drafts.owners.isEmpty else { return }
        drafts.divide(decoding: decodingCount, most: rows)
        var left = rows - drafts.division.best.reduce(0, +)
        for (place, index) in drafts.owners.enumerated() {
            var count = drafts.division.best[place]
            if count == 0, drafts.division.firstChance(place) < Drafts.hopeless, left > 0,
                running[index].acceptance.leave(running[index].draftKinds[0])
            {
                count = 1
                left -= 1
            }
            running[index].cutDraft(to: count)
        }
    }

    /// What may come next in a sequence: what came before, as far as its format allows it, else what that asks for; says
    /// whether there is anything.
    private mutating func findDraft(of index: Int, most: Int) -> Bool {
        let isFound = drafts.find(for: &running[index], most: most, pageTokens: limits.pageTokens)
        guard let formatGuard = running[index].formatGuard else { return isFound }
        if isFound, case let part = formatGuard.allowedPart(of: running[index].draft), !part.isEmpty {
            running[index].cutDraft(to: part.count)
            return true
        }
        running[index].setDraft(formatGuard.forcedTokens(most: most), kind: .forced)
        return !running[index].draft.isEmpty
    }

    /// What a receipt has next is the draft, as long as rows and pages allow; says how long it is.
    private mutating func draftClaim(of index: Int, most: Int) -> Int {
        let sequence = running[index]
        guard let claim = sequence.job.claim, !sequence.job.trace else { return 0 }
        // The last token is chosen behind the one before it.
        let left = min(most, sequence.job.mostTokens - sequence.generatedCount - 1)
        let wanted = min(left, limits.maxPositions - sequence.tokens.count - 1)
        while wanted > 0, pagesNeeded(sequence.tokens.count + wanted) > running[index].pages.count,
            let page = pages.takeFree(leaving: running.count)
        {
            running[index].pages.append(page)
        }
        let room = running[index].pages.count * limits.pageTokens - sequence.tokens.count
        let count = max(0, min(wanted, room))
        let draft = Array(claim.dropFirst(sequence.generatedCount).prefix(count))
        // What the format forbids is not computed: something else will be chosen there.
        running[index].setDraft(sequence.formatGuard.map { Array($0.allowedPart(of: draft)) } ?? draft, kind: .forced)
        return running[index].draft.count
    }

    /// A step has been computed that took no prompts in.
    mutating func note(rows: Int, seconds: Double) { drafts.note(rows: rows, seconds: seconds) }

    /// Drafts that a sequence can make use of: as its answer, the model's context and its pages allow.
    private mutating func mostDrafts(of index: Int) -> Int {
        guard running[index].job.speculates, !running[index].job.trace else { return 0 }
        let count = running[index].tokens.count
        let left = min(
            limits.draftRows,
            running[index].job.sampling.maxTokens - running[index].generatedCount - 1,
            limits.maxPositions - count - 1
        )
        // A page more where there are plenty; nobody loses one for the sake of a guess.
        if left > 0, pagesNeeded(count + left) > running[index].pages.count,
            let page = pages.takeFree(leaving: running.count)
        {
            running[index].pages.append(page)
        }
        return min(left, running[index].pages.count * limits.pageTokens - count)
    }
}
