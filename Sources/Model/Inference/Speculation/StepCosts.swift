/// What steps without prompts take, by the number of their rows: measured as they come.
///
/// Decoding reads the weights once whatever the rows, so that a few more cost little; how little depends on the processor,
/// the format, the caches and who else computes. Of rows that were not seen of late the cost is taken from their
/// neighbours', or is assumed to be small, so that they are tried.
struct StepCosts: Sendable {
    private struct Cost: Sendable {
        var seconds: Double
        /// The step in which it was last seen, and how often it was.
        var seen: Int
        var times: Int
    }

    private var costs: [Cost?]
    private var steps = 0

    /// Steps after which a cost is not believed any more.
    static let memory = 1024
    /// What a row more is taken to cost, in steps of one row, while nothing is known.
    static let assumed = 0.03
    /// The share of a step that took longer in what is known, where it counts as twice as long at most; one that was faster
    /// counts in full.
    static let rate = 0.1
    /// Steps that promise twice the tokens each, behind which one goes without drafts: less than a hundredth is lost by it.
    static let plainEvery = 128.0
    /// Times that a number of rows was seen before others are judged by it.
    static let settled = 8
    /// How far a step moves what is known then.
    static let pull = 0.01

    init(maxRows: Int) { costs = Array(repeating: nil, count: maxRows + 1) }

    mutating func note(rows: Int, seconds: Double) {
        guard costs.indices.contains(rows), rows > 0 else { return }
        steps += 1
        let before = recent(rows)
        let now = Self.estimate(before, seconds)
        costs[rows] = Cost(seconds: now, seen: steps, times: 1 + (before?.times ?? 0))
        guard let before, before.times >= Self.settled else { return }
        // Where everything takes longer than it did, so do the rows that have not been seen since: if they did not, they would
        // seem to cost less than fewer rows, would be taken in their place, and nobody would ever find out.
        for other in costs.indices where other != rows && (costs[other]?.seen ?? .max) < before.seen {
            costs[other]?.seconds *= now / before.seconds
        }
    }

    /// At first the least, so that one step that was held up is nothing; then the median, which is the same for rows that are
    /// seen often and seldom: the least of many would make what is tried seldom look dear, and its luck look cheap.
    private static func estimate(_ before: Cost?, _ seconds: Double) -> Double {
        guard let before, before.times >= settled else { return leastOfLate(before?.seconds, seconds) }
        if seconds == before.seconds { return seconds }
        return before.seconds * (seconds > before.seconds ? 1 + pull : 1 - pull)
    }

    /// Whether it is time for a step without drafts, of so many rows: more rows are judged by it, and while they seem cheap nobody
    /// would find out that it was held up when it was last seen.
    ///
    /// - Parameter gain: what drafts promise, in steps without them: the less, the sooner it is time.
    func wantsPlain(rows: Int, gain: Double) -> Bool {
        guard steps > 0, costs.indices.contains(rows) else { return false }
        guard let plain = costs[rows] else { return true }
        return Double(steps - plain.seen) >= max(1, gain * Self.plainEvery)
    }

    /// The least that a step has taken of late: what interrupts one from outside is not its own length.
    ///
    /// - Parameter before: what was known; `nil` for the first.
    static func leastOfLate(_ before: Double?, _ seconds: Double) -> Double {
        before.map { min(seconds, $0 + (min(seconds, 2 * $0) - $0) * rate) } ?? seconds
    }

    private func recent(_ rows: Int) -> Cost? {
        guard let cost = costs[rows], steps - cost.seen < Self.memory else { return nil }
        return cost
    }

    private func known(_ rows: Int) -> Double? { recent(rows)?.seconds }

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
