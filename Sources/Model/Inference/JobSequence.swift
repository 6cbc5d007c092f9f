internal import Constraints
internal import Requests

/// One job under way: its tokens, how far they are in the KV cache, and in which pages.
struct JobSequence {
    let job: GenerateJob
    let sampling: Sampling
    /// Its place in the order of arrival, which it keeps when it gives its pages up.
    let number: Int
    /// Prompt and answer so far.
    var tokens: [Int32]
    /// Tokens whose keys and values are in the cache.
    var cached = 0
    var pages: [Int32] = []
    /// Full pages that are in the cache under their keys.
    var keyedPages = 0
    /// The keys of the sequence's first full pages, as far as they were asked for: they never change.
    private var keys: [PageKey] = []
    /// Steps in which the first token of a short prompt is to come; `nil` for a long one, and while it waits for pages.
    var stepsLeft: Int?
    /// How many short ones have been admitted before it though they came after it.
    var timesPassed = 0
    /// Tokens of the answer that its lists have memory for from the beginning, and so many at most.
    let reservedTokens: Int
    private static let mostReserved = 2048
    /// What is done to its logits, kept up to date where penalties ask for it.
    private var history: TokenHistory
    var thinkGuard: ThinkGuard?
    private(set) var formatGuard: FormatGuard?
    /// Whether the constraint of its format is still being made.
    var awaitsFormat = false
    /// Tokens that the prefix cache had when the sequence was first admitted.
    var firstHit: Int?
    /// Pages that are read from the disks for it; it is not admitted before they are there.
    var awaited: Set<PageKey> = []
    /// Whether it has been looked what the disks have for it, since it stands in line.
    var hasAskedDisk = false
    /// Whether its pictures have been reported as arrived.
    var hasReportedImages = false
    /// What drafts are looked up in; nothing before the first is wanted.
    var text: SearchedText?
    var acceptance = DraftAcceptance.Request()
    /// Tokens that the step under way checks, and what each of these guesses rests on.
    var draft: [Int32] = []
    var draftKinds: [DraftKind] = []
    /// What a draft model guesses, as it was last heard.
    var proposal: DraftProposal?
    /// How far a draft model's sequence is ahead; `nil` in one whose tokens are an answer's.
    var lead: DraftLead?

    /// - Parameter lead: tokens by which a draft model's sequence may run ahead; 0 if it is none.
    init(_ job: GenerateJob, number: Int, constraint: Constraint? = nil, lead: Int = 0) {
        self.job = job
        self.number = number
        sampling = job.sampling
        tokens = job.promptIds
        reservedTokens = min(max(job.mostTokens, 0), Self.mostReserved) + lead
        tokens.reserveCapacity(job.promptIds.count + job.answerIds.count + reservedTokens)
        history = TokenHistory(job)
        thinkGuard = job.thinking.map { ThinkGuard($0) }
        // What an earlier group has generated counts as if it had been generated here.
        for token in job.answerIds { append(token) }
        if lead > 0 { self.lead = DraftLead(confirmed: tokens.count, most: lead) }
        if let constraint { constrain(constraint) }
    }

    /// Keeps to a format from now on, behind what there is of the answer.
    mutating func constrain(_ constraint: Constraint) {
        formatGuard = FormatGuard(constraint, job).behind(tokens.dropFirst(job.promptIds.count))
        awaitsFormat = false
    }

    var isAwaitingPages: Bool { !awaited.isEmpty }

    /// Whether nothing but room is missing for it to begin.
    var isReady: Bool { !awaitsFormat && !isAwaitingPages }

    var generatedCount: Int { tokens.count - job.promptIds.count }
    /// The number of cached tokens from which on the sequence decodes, a token a step.
    var decodesFrom: Int { generatedCount == 0 ? tokens.count : tokens.count - 1 }
    /// Whether more than the token to decode from is missing in the cache.
    var isPrefilling: Bool { cached < decodesFrom }
    /// Whether the next step is to bring it a token.
    var isDecoding: Bool { !isPrefilling && !(lead?.isExhausted(at: tokens.count) ?? false) }
    /// Tokens in the cache that will not be others any more.
    var lastingCount: Int { min(cached, lead?.confirmed ?? cached) }
    /// Tokens that the sequence may grow to.
    var longest: Int { job.promptIds.count + job.mostTokens }

    /// The key of a full page.
    mutating func key(ofPage page: Int, pageTokens: Int) -> PageKey {
        while keys.count <= page {
            let start = keys.count * pageTokens
            let page = tokens[start..<(start + pageTokens)]
            keys.append(PageKey(after: keys.last, tokens: page, from: start, images: job.images))
        }
        return keys[page]
    }

    /// The keys of its pages that have been asked for, first to last.
    var namedPages: [PageKey] { keys }

    /// The sequence as one of those that share a step's tokens of prompts.
    func reader(_ images: ImageTable) -> PromptShares.Reader {
        let ready = readyEnd(images) - cached
        return .init(number: number, remaining: tokens.count - cached, ready: ready, stepsLeft: stepsLeft)
    }

    /// The end of the part that can be computed now: up to the first visual token that has not arrived.
    func readyEnd(_ images: ImageTable) -> Int {
        for image in job.images where image.positions.upperBound > cached {
            let ready = images.ready(image.number)
            if ready < image.count { return max(image.start + ready, min(cached, tokens.count)) }
        }
        return tokens.count
    }

    /// Whether every visual token is there, or in the cache as keys and values.
    func hasAllImages(_ images: ImageTable) -> Bool { readyEnd(images) == tokens.count }

    /// The rows of the tokens `range` that are visual tokens, numbered from `firstRow` in the batch.
    func visualRows(_ range: Range<Int>, firstRow: Int) -> [StepPlan.VisualRows] {
        job.images.compactMap { image in
            let part = image.positions.clamped(to: range)
            guard !part.isEmpty else { return nil }
            return StepPlan.VisualRows(
                row: Int32(firstRow + part.lowerBound - range.lowerBound),
                count: Int32(part.count),
                slot: image.number,
                offset: Int32(part.lowerBound - image.start)
            )
        }
    }

    /// Takes the next token of the answer.
    mutating func append(_ token: Int32) {
        tokens.append(token)
        thinkGuard?.append(token)
        formatGuard?.append(token)
        history.append(token)
        text?.append(token)
    }

    /// Takes a draft model's tokens back behind the first `count`, at least those that are known to be right.
    mutating func rewind(to count: Int) {
        guard let lead, count >= lead.confirmed, count < tokens.count else { return }
        tokens.removeLast(tokens.count - count)
        cached = min(cached, count)
        history = TokenHistory(job)
        for token in tokens[job.promptIds.count...] { history.append(token) }
        self.lead?.hasEnded = false
    }

    /// The token to take in place of the one chosen.
    mutating func replaced(_ chosen: Int32) -> Int32 {
        let token = thinkGuard?.replace(chosen) ?? chosen
        return formatGuard?.replace(token) ?? token
    }

    /// What a format allows behind so many of the step's drafts; `nil` where anything may come.
    func allowed(behind drafts: Int) -> AllowedTokens? {
        guard let formatGuard else { return nil }
        return formatGuard.behind(draft.prefix(drafts)).allowed
    }

    /// How the next token is chosen.
    var choice: TokenChoice {
        var choice = TokenChoice(sampling)
        choice.adjustments = history.adjustments
        choice.logprobs = Int32(clamping: job.logprobs)
        choice.isConstrained = formatGuard?.isHolding(along: draft) ?? false
        if let thinking = job.thinking { choice.watched = thinking.endId }
        return choice
    }
}
