/// Divides a step's rows for drafts among the sequences that have some: as many as make the most tokens a second.
///
/// A draft's token is worth the probability that it and all before it are right. Rows are given to whoever makes most of
/// them, and only as many as bring more tokens than they cost time.
struct DraftDivision: Sendable {
    /// Drafts must promise so much more than the step without them: less is not worth the noise of measuring.
    static let leastGain = 1.01

    /// The probabilities that each token of each draft is right if those before it are, draft after draft.
    private var chances: [Double] = []
    /// Where each draft begins in `chances`, and where the last one ends.
    private var starts = [0]
    /// The rows that each draft gets, once they are divided.
    private(set) var best: [Int] = []
    private var counts: [Int] = []
    private var worth: [Double] = []

    /// Nobody wants rows.
    mutating func clear() {
        chances.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        starts.append(0)
    }

    /// One token more of the draft that is being offered.
    ///
    /// - Parameter chance: the probability that it is right if those before it are.
    mutating func add(_ chance: Double) { chances.append(chance) }

    /// Whoever wants rows has told all of its draft.
    mutating func endOffer() { starts.append(chances.count) }

    var offerCount: Int { starts.count - 1 }

    private func length(_ offer: Int) -> Int { starts[offer + 1] - starts[offer] }

    /// The probability that a draft's first token is right.
    func firstChance(_ offer: Int) -> Double { length(offer) > 0 ? chances[starts[offer]] : 0 }

    /// Divides the rows; takes no memory where there have been as many offers before.
    ///
    /// - Parameters:
    ///   - decoding: sequences that get a token anyhow.
    ///   - most: rows for drafts at most.
    mutating func divide(decoding: Int, most: Int, costs: StepCosts) {
        best.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        worth.removeAll(keepingCapacity: true)
        for offer in 0..<offerCount {
            best.append(0)
            counts.append(0)
            worth.append(firstChance(offer))
        }
        var tokens = Double(decoding)
        var bestTokens = tokens
        var bestRate = Self.leastGain * tokens / costs.seconds(rows: decoding)
        for rows in stride(from: 1, through: most, by: 1) {
            guard let next = worthiest() else { break }
            counts[next] += 1
            tokens += worth[next]
            worth[next] *= counts[next] < length(next) ? chances[starts[next] + counts[next]] : 0
            let rate = tokens / costs.seconds(rows: decoding + rows)
            guard rate > bestRate else { continue }
            (bestRate, bestTokens) = (rate, tokens)
            for place in counts.indices { best[place] = counts[place] }
        }
        guard costs.wantsPlain(rows: decoding, gain: bestTokens / Double(decoding) - 1) else { return }
        for place in best.indices { best[place] = 0 }
    }

    /// The first of the drafts whose next row is worth most, if one is worth anything.
    private func worthiest() -> Int? {
        var found: Int?
        for offer in worth.indices where worth[offer] > 0 {
            if let found, worth[offer] <= worth[found] { continue }
            found = offer
        }
        return found
    }
}
