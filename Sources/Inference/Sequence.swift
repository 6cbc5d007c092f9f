/// One request under way: its tokens, how far they are in the KV cache, and in which pages.
struct Sequence {
    let request: GenerationRequest
    /// Prompt and answer so far.
    var tokens: [Int32]
    /// Tokens whose keys and values are in the cache.
    var cached = 0
    var pages: [Int32] = []
    /// Visual tokens that have arrived, per image: disjoint ranges from the image's first token.
    var arrived: [[Range<Int>]]
    var areImagesOpen = true
    /// Every token seen, kept only for the repetition penalty.
    var seen: Set<Int32> = []

    init(_ request: GenerationRequest) {
        self.request = request
        tokens = request.prompt
        arrived = request.images.map { _ in [] }
        if request.sampling.repetitionPenalty != 1 { seen = Set(request.prompt) }
    }

    var generatedCount: Int { tokens.count - request.prompt.count }
    var isPrefilling: Bool { cached < request.prompt.count }

    /// Whether every visual token has arrived.
    var hasAllImages: Bool { readyPromptEnd == request.prompt.count }

    /// The end of the prompt's part that can be prefilled now: up to the first visual token that has not arrived.
    var readyPromptEnd: Int {
        for (image, ranges) in zip(request.images, arrived) {
            let ready = Self.contiguousPrefix(ranges)
            if ready < image.positions.count { return image.positions.lowerBound + ready }
        }
        return request.prompt.count
    }

    /// The rows of the tokens `range` that are visual tokens, numbered from `firstRow` in the batch.
    func visualRows(_ range: Range<Int>, firstRow: Int) -> [StepPlan.VisualRows] {
        request.images.compactMap { image in
            let part = image.positions.clamped(to: range)
            guard !part.isEmpty else { return nil }
            return StepPlan.VisualRows(
                row: Int32(firstRow + part.lowerBound - range.lowerBound),
                count: Int32(part.count),
                slot: image.number,
                offset: Int32(part.lowerBound - image.positions.lowerBound)
            )
        }
    }

    mutating func append(_ token: Int32) {
        tokens.append(token)
        if request.sampling.repetitionPenalty != 1 { seen.insert(token) }
    }

    private static func contiguousPrefix(_ ranges: [Range<Int>]) -> Int {
        var end = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.lowerBound <= end {
            end = max(end, range.upperBound)
        }
        return end
    }
}
