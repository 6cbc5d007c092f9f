internal import Requests

/// What the scheduler knows about drafts, over all sequences.
struct Drafts {
    private var costs: StepCosts
    /// What a new request's drafts are likely to come to.
    private var acceptance = DraftAcceptance()
    private var memory: AnswerMemory
    /// Who has a draft in the step that is planned, and what it gets of the rows.
    var owners: [Int] = []
    var division = DraftDivision()
    /// Rows for drafts in a step at most.
    let rows: Int

    /// Tokens of earlier answers that are kept.
    static let remembered = 262_144
    /// Below it a draft is left out for what it is, not for what others' rows cost.
    static let hopeless = 0.2
    /// A draft ends where it is right to there with less than this probability.
    static let leastChance = 0.02

    init(_ limits: Scheduler.Limits) {
        rows = limits.draftRows
        costs = StepCosts(maxRows: limits.maxSequences + limits.draftRows)
        memory = AnswerMemory(maxTokens: limits.draftRows > 0 ? Self.remembered : 0)
    }

    mutating func note(rows: Int, seconds: Double) { costs.note(rows: rows, seconds: seconds) }

    /// Gives a sequence its draft: the model's guess or what its texts say, whichever promises more; says whether it has one.
    mutating func find(for sequence: inout JobSequence, most: Int, pageTokens: Int) -> Bool {
        lookUp(for: &sequence, most: most, pageTokens: pageTokens)
        let proposed = sequence.proposed(most: most)
        if !proposed.isEmpty {
            let guess = acceptance.expected(repeatElement(.ofModel, count: proposed.count), sequence.acceptance)
            if guess > acceptance.expected(sequence.draftKinds, sequence.acceptance) {
                sequence.setDraft(proposed, kind: .ofModel)
            }
        }
        return !sequence.draft.isEmpty
    }

    /// Looks in what came before for what may come next, token by token; a sequence's tokens are searched from now on.
    private mutating func lookUp(for sequence: inout JobSequence, most: Int, pageTokens: Int) {
        sequence.setDraft([], kind: .forced)
        let asker = AnswerMemory.Source.asker(sequence.job.asker)
        if sequence.text == nil {
            let prompt = sequence.promptKey(pageTokens: pageTokens)
            sequence.acceptance = acceptance.begin()
            memory.touch(asker)
            memory.touch(.prompt(prompt))
            let more = sequence.reservedTokens
            sequence.text = SearchedText(sequence.searchable, prompt: prompt, reserving: more)
        }
        guard let text = sequence.text, !sequence.acceptance.rests() else { return }
        let texts = SearchedTexts(
            own: text.followers,
            asker: memory.followers(asker),
            prompt: memory.followers(.prompt(text.prompt))
        )
        var (end, right) = (text.end, 1.0)
        var first: Double?
        while sequence.draft.count < most, let guess = texts.guess(after: end.contexts, acceptance) {
            right *= acceptance.chance(guess.kind, sequence.acceptance)
            first = first ?? right
            // Nothing behind it would be worth a row, wherever that costs anything; the first is for whoever wants to learn.
            if right < Self.leastChance, !sequence.draft.isEmpty { break }
            sequence.draft.append(guess.token)
            sequence.draftKinds.append(guess.kind)
            if sequence.job.stopIds.contains(guess.token) { break }
            end.append(guess.token)
        }
        sequence.acceptance.look(promising: first)
    }

    /// A sequence has a draft of these kinds and wants rows.
    mutating func offer(_ kinds: [DraftKind], _ request: DraftAcceptance.Request) {
        for kind in kinds { division.add(acceptance.chance(kind, request)) }
        division.endOffer()
    }

    /// Divides the rows among those that have a draft.
    mutating func divide(decoding: Int, most: Int) {
        division.divide(decoding: decoding, most: most, costs: costs)
    }

    /// What a draft that has been checked came to, for whoever counts.
    func figures(of sequence: JobSequence, accepted: Int) -> StepReport.Tokens.Draft {
        let isOfModel = sequence.draftKinds.first == .ofModel
        return .init(drafted: sequence.draft.count, accepted: accepted, isOfModel: isOfModel ? true : nil)
    }

    /// A sequence's draft has been checked; it has none any more.
    ///
    /// - Parameter taken: tokens of the step that the sequence has now: so many of the draft were compared with one.
    mutating func note(_ sequence: inout JobSequence, taken: Int, accepted: Int) {
        guard !sequence.draft.isEmpty else { return }
        // Whether a receipt is right says nothing about guesses.
        if sequence.job.claim == nil {
            acceptance.note(sequence.draftKinds.prefix(taken), accepted: accepted, &sequence.acceptance)
        }
        sequence.setDraft([], kind: .forced)
    }

    /// Keeps the answer of a sequence that has ended, for what is asked next, unless it was to do without drafts.
    mutating func keep(_ sequence: JobSequence, pageTokens: Int) {
        guard rows > 0, sequence.job.speculates, !sequence.job.trace else { return }
        acceptance.end(sequence.acceptance)
        var sequence = sequence
        let text = sequence.searchable
        let answer = text.suffix(sequence.generatedCount)
        let end = TextEnd(text.dropLast(answer.count).suffix(TextEnd.longest))
        let prompt = sequence.promptKey(pageTokens: pageTokens)
        memory.keep(answer, after: end, of: .prompt(prompt))
        memory.keep(answer, after: end, of: .asker(sequence.job.asker))
    }
}

extension JobSequence {
    /// Makes these tokens the draft.
    mutating func setDraft(_ tokens: some Sequence<Int32>, kind: DraftKind) {
        draft.removeAll(keepingCapacity: true)
        draft.append(contentsOf: tokens)
        draftKinds.removeAll(keepingCapacity: true)
        for _ in draft.indices { draftKinds.append(kind) }
    }

    /// Drops what is behind the first tokens of the draft.
    mutating func cutDraft(to count: Int) {
        draft.removeLast(draft.count - count)
        draftKinds.removeLast(draftKinds.count - count)
    }

    /// Prompt and answer as they are searched, with gaps where pictures are.
    var searchable: [Int32] {
        var all = tokens
        for image in job.images {
            for position in image.positions.clamped(to: 0..<all.count) { all[position] = TextEnd.gap }
        }
        return all
    }

    /// Names the prompt: by its full pages, or all of it where it fills none.
    mutating func promptKey(pageTokens: Int) -> PageKey {
        let full = job.promptIds.count / pageTokens
        if full > 0 { return key(ofPage: full - 1, pageTokens: pageTokens) }
        return PageKey(after: nil, tokens: job.promptIds[...], from: 0, images: job.images)
    }
}
