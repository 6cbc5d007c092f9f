internal import Requests

/// One job under way: its tokens, how far they are in the KV cache, and in which pages.
struct JobSequence {
    let job: GenerateJob
    let sampling: Sampling
    /// Prompt and answer so far.
    var tokens: [Int32]
    /// Tokens whose keys and values are in the cache.
    var cached = 0
    var pages: [Int32] = []
    /// The keys of the full pages that are in the cache, first to last.
    var keys: [PageKey] = []
    /// What is done to its logits, kept up to date where penalties ask for it.
    private var history: TokenHistory
    var thinkGuard: ThinkGuard?
    /// Tokens that the prefix cache had when the sequence was first admitted.
    var firstHit: Int?
    /// Whether its pictures have been reported as arrived.
    var hasReportedImages = false

    init(_ job: GenerateJob) {
        self.job = job
        sampling = job.sampling
        tokens = job.promptIds
        history = TokenHistory(job)
        thinkGuard = job.thinking.map { ThinkGuard($0) }
        // What an earlier group has generated counts as if it had been generated here.
        for token in job.answerIds { append(token) }
    }

    var generatedCount: Int { tokens.count - job.promptIds.count }
    /// Whether more than the token to decode from is missing in the cache.
    var isPrefilling: Bool { cached < tokens.count - 1 || generatedCount == 0 }
    /// Tokens that the sequence may grow to.
    var longest: Int { job.promptIds.count + job.sampling.maxTokens }

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
        history.append(token)
    }

    /// How the next token is chosen.
    var choice: TokenChoice {
        var choice = TokenChoice(sampling)
        choice.adjustments = history.adjustments
        choice.logprobs = Int32(clamping: job.logprobs)
        if let thinking = job.thinking { choice.watched = thinking.endId }
        return choice
    }
}
