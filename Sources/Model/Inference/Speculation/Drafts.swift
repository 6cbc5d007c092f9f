internal import Requests

/// What the scheduler knows about drafts, over all sequences.
struct Drafts {
    private var costs: StepCosts
    /// What a new request's drafts are likely to come to.
    private var acceptance = DraftAcceptance()
    private var memory: AnswerMemory
    /// Who has a draft in the step that is planned, and what it gets of the rows.
    fileprivate var owners: [Int] = []
    fileprivate var division = DraftDivision()
    /// Rows for drafts in a step at most.
    let rows: Int

    /// Tokens of earlier answers that are kept.
    static let remembered = 262_144
    /// Below it a draft is left out for what it is, not for what others' rows cost.
    static let hopeless = 0.2

    init(_ limits: Scheduler.Limits) {
        rows = limits.draftRows
        costs = StepCosts(maxRows: limits.maxSequences + limits.draftRows)
        memory = AnswerMemory(maxTokens: limits.draftRows > 0 ? Self.remembered : 0)
    }

    mutating func note(rows: Int, seconds: Double) { costs.note(rows: rows, seconds: seconds) }

    /// Gives a sequence its draft: the model's guess or what its texts say, whichever promises more; says whether it has one.
    mutating func find(for sequence: inout JobSequence, most: Int, pageTokens: Int) -> Bool {
        let matched = lookUp(for: &sequence, most: most, pageTokens: pageTokens)
        sequence.draftMatched = matched ?? 0
        guard let proposed = sequence.proposed(most: most) else { return matched != nil }
        let guess = sequence.acceptance.expected(proposed.matched, length: proposed.tokens.count)
        if let matched, guess <= sequence.acceptance.expected(matched, length: sequence.draft.count) { return true }
        (sequence.draft, sequence.draftMatched) = (proposed.tokens, proposed.matched)
        return true
    }

    /// Looks for a draft in what came before; a sequence's tokens are searched from now on.
    private mutating func lookUp(for sequence: inout JobSequence, most: Int, pageTokens: Int) -> Int? {
        if sequence.lookup == nil {
            let same = memory.answers(to: sequence.promptKey(pageTokens: pageTokens))
            let own = sequence.searchable
            var index = same
            if let words = sequence.wordsKey {
                index = memory.answers(to: words)
                // Behind those about other pictures: of places that agree as well, the latest counts.
                index.append(contentsOf: same.tokens)
            }
            index.reserve(1 + own.count + sequence.reservedTokens)
            index.append(LookupIndex.gap)
            index.append(contentsOf: own)
            sequence.lookup = index
            sequence.acceptance = acceptance
        }
        return sequence.lookup?.continuation(most: most, into: &sequence.draft)
    }

    /// Divides the rows among those that have a draft.
    fileprivate mutating func divide(decoding: Int, most: Int) {
        division.divide(decoding: decoding, most: most, costs: costs)
    }

    /// What a draft that has been checked came to, for whoever counts.
    func figures(of sequence: JobSequence, accepted: Int) -> StepReport.Tokens.Draft {
        let isOfModel = sequence.draftMatched == DraftAcceptance.ofModel
        return .init(drafted: sequence.draft.count, accepted: accepted, isOfModel: isOfModel ? true : nil)
    }

    /// A sequence's draft has been checked; it has none any more.
    mutating func note(_ sequence: inout JobSequence, accepted: Int) {
        guard !sequence.draft.isEmpty else { return }
        defer { sequence.draft.removeAll(keepingCapacity: true) }
        // Whether a receipt is right says nothing about guesses.
        if sequence.job.claim != nil { return }
        let (matched, drafted) = (sequence.draftMatched, sequence.draft.count)
        sequence.acceptance.note(matched, drafted: drafted, accepted: accepted)
        acceptance.note(matched, drafted: drafted, accepted: accepted, rate: DraftAcceptance.sharedRate)
    }

    /// Keeps the answer of a sequence that has ended, for who asks the same, unless it was to do without drafts.
    mutating func keep(_ sequence: JobSequence, pageTokens: Int) {
        guard rows > 0, sequence.job.speculates, !sequence.job.trace else { return }
        var sequence = sequence
        let answer = sequence.searchable.suffix(sequence.generatedCount + AnswerMemory.lead)
        let key = sequence.promptKey(pageTokens: pageTokens)
        guard let words = sequence.wordsKey else { return memory.keep(answer, of: key) }
        memory.keep(answer, of: key, most: AnswerMemory.mostOfWords)
        memory.keep(answer, of: words, most: AnswerMemory.mostOfWords)
    }
}

extension Scheduler {
    /// Gives the sequences that decode their drafts for the next step.
    ///
    /// None while a prompt is being read: its tokens make better use of rows, and are paced by steps without drafts.
    mutating func chooseDrafts() {
        guard limits.draftRows > 0,
            !running.contains(where: { $0.isPrefilling && $0.readyEnd(images) > $0.cached })
        else { return }
        drafts.owners.removeAll(keepingCapacity: true)
        drafts.division.offers.removeAll(keepingCapacity: true)
        var rows = limits.draftRows
        for index in running.indices where !running[index].isPrefilling && running[index].job.claim != nil {
            rows -= draftClaim(of: index, most: rows)
        }
        for index in running.indices where !running[index].isPrefilling && running[index].job.claim == nil {
            let most = mostDrafts(of: index)
            guard most > 0, findDraft(of: index, most: most) else { continue }
            drafts.owners.append(index)
            let share = running[index].acceptance.share(running[index].draftMatched)
            drafts.division.offers.append(DraftDivision.Offer(length: running[index].draft.count, share: share))
        }
        guard !drafts.owners.isEmpty else { return }
        drafts.divide(decoding: decodingCount, most: rows)
        var left = rows - drafts.division.best.reduce(0, +)
        for (place, index) in drafts.owners.enumerated() {
            var count = drafts.division.best[place]
            if count == 0, drafts.division.offers[place].share < Drafts.hopeless, left > 0,
                running[index].acceptance.leave(running[index].draftMatched)
            {
                count = 1
                left -= 1
            }
            running[index].draft.removeLast(running[index].draft.count - count)
        }
    }

    /// What may come next in a sequence: what came before, as far as its format allows it, else what that asks for; says
    /// whether there is anything.
    private mutating func findDraft(of index: Int, most: Int) -> Bool {
        let isFound = drafts.find(for: &running[index], most: most, pageTokens: limits.pageTokens)
        guard let formatGuard = running[index].formatGuard else { return isFound }
        if isFound, case let part = formatGuard.allowedPart(of: running[index].draft), !part.isEmpty {
            running[index].draft = Array(part)
            return true
        }
        running[index].draft = formatGuard.forcedTokens(most: most)
        running[index].draftMatched = DraftAcceptance.forced
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
        running[index].draft = sequence.formatGuard.map { Array($0.allowedPart(of: draft)) } ?? draft
        running[index].draftMatched = 0
        return running[index].draft.count
    }

    /// A step has been computed that took no prompts in.
    mutating func note(rows: Int, seconds: Double) { drafts.note(rows: rows, seconds: seconds) }

    /// Drafts that a sequence can make use of: as its answer, the model's context and its pages allow.
    private mutating func mostDrafts(of index: Int) -> Int {
        let sequence = running[index]
        guard sequence.job.speculates, !sequence.job.trace else { return 0 }
        let left = min(
            limits.draftRows,
            sequence.job.sampling.maxTokens - sequence.generatedCount - 1,
            limits.maxPositions - sequence.tokens.count - 1
        )
        // A page more where there are plenty; nobody loses one for the sake of a guess.
        if left > 0, pagesNeeded(sequence.tokens.count + left) > sequence.pages.count,
            let page = pages.takeFree(leaving: running.count)
        {
            running[index].pages.append(page)
        }
        return min(left, running[index].pages.count * limits.pageTokens - sequence.tokens.count)
    }
}

extension JobSequence {
    /// Prompt and answer as they are searched, with gaps where pictures are.
    var searchable: [Int32] {
        var all = tokens
        for image in job.images {
            for position in image.positions.clamped(to: 0..<all.count) { all[position] = LookupIndex.gap }
        }
        return all
    }

    /// Names the words of the prompt, whatever its pictures show, and who asks; `nil` where there are none.
    ///
    /// What a stranger's picture shows is nobody's business, not even by how many drafts were right.
    var wordsKey: PageKey? {
        guard !job.images.isEmpty else { return nil }
        var words = [Int32(truncatingIfNeeded: job.asker), LookupIndex.gap]
        var end = 0
        for image in job.images.sorted(by: { $0.start < $1.start }) {
            // Pictures of other sizes have other numbers of visual tokens.
            words += job.promptIds[end..<max(end, image.start)] + [LookupIndex.gap]
            end = max(end, image.positions.upperBound)
        }
        words += job.promptIds[end...]
        return PageKey(after: nil, tokens: words[...], from: 0, images: [])
    }

    /// Names the prompt: by its full pages, or all of it where it fills none.
    mutating func promptKey(pageTokens: Int) -> PageKey {
        let full = job.promptIds.count / pageTokens
        if full > 0 { return key(ofPage: full - 1, pageTokens: pageTokens) }
        return PageKey(after: nil, tokens: job.promptIds[...], from: 0, images: job.images)
    }
}
