/// Divides a step's rows for drafts among the sequences that have some: as many as make the most tokens a second.
///
/// A sequence's draft token number i is right with probability shareⁱ, and that is what its row is worth. Rows are given to
/// whoever makes most of them, and only as many as bring more tokens than they cost time.
struct DraftDivision: Sendable {
    /// One sequence's draft.
    struct Offer: Equatable, Sendable {
        var length: Int
        /// The probability that a token is right if those before it are.
        var share: Double

        init(length: Int, share: Double) { (self.length, self.share) = (length, share) }
    }

    /// Drafts must promise so much more than the step without them: less is not worth the noise of measuring.
    static let leastGain = 1.01

    /// Who wants rows.
    var offers: [Offer] = []
    /// The rows that each offer gets, once they are divided.
    private(set) var best: [Int] = []
    private var counts: [Int] = []
    private var worth: [Double] = []

    /// Divides the rows; takes no memory where there have been as many offers before.
    ///
    /// - Parameters:
    ///   - decoding: sequences that get a token anyhow.
    ///   - most: rows for drafts at most.
    mutating func divide(decoding: Int, most: Int, costs: StepCosts) {
        best.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        worth.removeAll(keepingCapacity: true)
        for offer in offers {
            best.append(0)
            counts.append(0)
            worth.append(offer.share)
        }
        var tokens = Double(decoding)
        var bestRate = Self.leastGain * tokens / costs.seconds(rows: decoding)
        for rows in stride(from: 1, through: most, by: 1) {
            guard let next = worthiest(), worth[next] > 0 else { break }
            counts[next] += 1
            tokens += worth[next]
            worth[next] *= offers[next].share
            let rate = tokens / costs.seconds(rows: decoding + rows)
            guard rate > bestRate else { continue }
            bestRate = rate
            for place in counts.indices { best[place] = counts[place] }
        }
    }

    /// The first of the offers whose next row is worth most.
    private func worthiest() -> Int? {
        var found: Int?
        for place in offers.indices where counts[place] < offers[place].length {
            if let found, worth[place] <= worth[found] { continue }
            found = place
        }
        return found
    }
}
