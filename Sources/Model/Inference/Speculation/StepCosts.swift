/// What steps without prompts take, by the number of their rows: measured as they come.
///
/// Decoding reads the weights once whatever the rows, so that a few more cost little; how little depends on the processor,
/// the format, the caches and who else computes. Of rows that were not seen of late the cost is taken from their
/// neighbours', or is assumed to be small, so that they are tried.
struct StepCosts: Sendable {
    private struct Cost: Sendable {
        var seconds: Double
        /// The step in which it was last seen.
        var seen: Int
    }

    private var costs: [Cost?]
    private var steps = 0

    /// Steps after which a cost is not believed any more.
    static let memory = 1024
    /// What a row more is taken to cost, in steps of one row, while nothing is known.
    static let assumed = 0.03
    /// The share of a step that took longer in what is known; one that was faster counts in full.
    static let rate = 0.1

    init(maxRows: Int) { costs = Array(repeating: nil, count: maxRows + 1) }

    mutating func note(rows: Int, seconds: Double) {
        guard costs.indices.contains(rows), rows > 0 else { return }
        steps += 1
        costs[rows] = Cost(seconds: Self.leastOfLate(known(rows), seconds), seen: steps)
    }

    /// The least that a step has taken of late: what interrupts one from outside is not its own length.
    ///
    /// - Parameter before: what was known; `nil` for the first.
    static func leastOfLate(_ before: Double?, _ seconds: Double) -> Double {
        before.map { min(seconds, $0 + (seconds - $0) * rate) } ?? seconds
    }

    private func known(_ rows: Int) -> Double? {
        guard let cost = costs[rows], steps - cost.seen < Self.memory else { return nil }
        return cost.seconds
    }

    /// Seconds of a step of so many rows; in steps of one row while nothing was measured.
    func seconds(rows: Int) -> Double {
        if let known = known(rows) { return known }
        let below = stride(from: rows - 1, to: 0, by: -1).first { known($0) != nil }
        let above = (rows + 1..<max(costs.count, rows + 1)).first { known($0) != nil }
        switch (below, above) {
        case (let below?, let above?):
            let (low, high) = (known(below) ?? 0, known(above) ?? 0)
            return low + (high - low) * Double(rows - below) / Double(above - below)
        case (let below?, nil): return (known(below) ?? 0) * (1 + Self.assumed * Double(rows - below))
        case (nil, let above?): return (known(above) ?? 0) / (1 + Self.assumed * Double(above - rows))
        case (nil, nil): return 1 + Self.assumed * Double(rows - 1)
        }
    }
}
