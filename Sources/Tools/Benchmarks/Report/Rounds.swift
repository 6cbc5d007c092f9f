/// Repeats a measurement and its ceiling in turns, so that a disturbance of the machine hits both alike.
package struct Rounds: Sendable {
    /// Rounds that count; one more goes ahead, in which memory and caches come to be.
    package var count: Int
    /// A turn repeats its work until about so many seconds have gone.
    package var turnSeconds: Double

    package init(count: Int, turnSeconds: Double = 0.25) {
        precondition(count >= 1, "\(count) rounds")
        (self.count, self.turnSeconds) = (count, turnSeconds)
    }

    /// What the rounds came to.
    package struct Outcome: Sendable {
        /// Seconds of one repetition, and the seconds that its ceiling would take.
        package let seconds, ideal: Spread
        /// Of the rounds' ratios `ideal / seconds`.
        package let share: Double

        /// - Parameters: seconds and ideal seconds of each round, as many of the one as of the other.
        package init(seconds: [Double], ideal: [Double]) {
            (self.seconds, self.ideal) = (Spread(seconds), Spread(ideal))
            share = Spread(zip(seconds, ideal).map { $1 / $0 }).median
        }
    }

    /// Collective: every rank of the group must call it with the same work.
    ///
    /// - Parameters:
    ///   - ideal: measures the ceiling, and says how long one repetition of `work` would take at it.
    ///   - work: one repetition.
    package func measure(
        in group: BenchmarkGroup,
        ideal: () throws -> Double,
        work: () throws -> Void
    ) throws -> Outcome {
        _ = try ideal()
        let first = try group.seconds(work)
        // The first repetition touches memory; a second one tells how long they take, unless that is plain already.
        let usual = first > turnSeconds ? first : try group.seconds(work)
        let repetitions = try group.agreed(max(1, Int(turnSeconds / max(usual, 1e-7))))
        var (seconds, ideals): ([Double], [Double]) = ([], [])
        for _ in 0..<count {
            ideals.append(try group.maximum(try ideal()))
            seconds.append(try group.seconds { for _ in 0..<repetitions { try work() } } / Double(repetitions))
        }
        return Outcome(seconds: seconds, ideal: ideals)
    }

    /// Seconds of one repetition of work that has no ceiling.
    package func measure(in group: BenchmarkGroup, work: () throws -> Void) throws -> Spread {
        try measure(in: group, ideal: { 0 }, work: work).seconds
    }
}

extension BenchmarkRow {
    /// A row of a rate: `amount` of `unit` done in each repetition.
    package static func rate(
        _ benchmark: String,
        _ subject: String,
        _ outcome: Rounds.Outcome,
        amount: Double,
        unit: String,
        ceiling: String
    ) -> BenchmarkRow {
        var row = BenchmarkRow(benchmark, subject, figure: outcome.seconds.mapped { amount / $0 }, unit: unit)
        row.ceiling = Ceiling(ceiling, value: amount / outcome.ideal.median, share: outcome.share)
        return row
    }
}
