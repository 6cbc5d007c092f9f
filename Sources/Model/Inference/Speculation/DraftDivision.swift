/// Divides a step's rows for drafts among the sequences that have some: as many as make the most tokens a second.
///
/// A sequence's draft token number i is right with probability shareⁱ, and that is what its row is worth. Rows are given to
/// whoever makes most of them, and only as many as bring more tokens than they cost time.
enum DraftDivision {
    /// One sequence's draft.
    struct Offer: Equatable, Sendable {
        var length: Int
        /// The probability that a token is right if those before it are.
        var share: Double

        init(length: Int, share: Double) { (self.length, self.share) = (length, share) }
    }

    /// Drafts must promise so much more than the step without them: less is not worth the noise of measuring.
    static let leastGain = 1.01

    /// The rows that each offer gets.
    ///
    /// - Parameters:
    ///   - decoding: sequences that get a token anyhow.
    ///   - most: rows for drafts at most.
    static func divide(_ offers: [Offer], decoding: Int, most: Int, costs: StepCosts) -> [Int] {
        var counts = Array(repeating: 0, count: offers.count)
        var best = counts
        var worth = offers.map(\.share)
        var tokens = Double(decoding)
        var bestRate = leastGain * tokens / costs.seconds(rows: decoding)
        for rows in stride(from: 1, through: most, by: 1) {
            let open = offers.indices.filter { counts[$0] < offers[$0].length }
            guard let next = open.max(by: { (worth[$0], $1) < (worth[$1], $0) }), worth[next] > 0 else { break }
            counts[next] += 1
            tokens += worth[next]
            worth[next] *= offers[next].share
            let rate = tokens / costs.seconds(rows: decoding + rows)
            if rate > bestRate { (best, bestRate) = (counts, rate) }
        }
        return best
    }
}
