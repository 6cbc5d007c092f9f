/// One line of what `flotilla bench` prints: a figure, how far it spreads, and the ceiling that it is compared with.
package struct BenchmarkRow: Sendable, Equatable {
    /// What was measured, such as `decode`, `prefill` or `read`.
    package var benchmark: String
    /// The model or the shape.
    package var subject: String
    /// How weights or numbers are held; empty where it does not matter.
    package var format = ""
    package var ranks = 1
    package var threads = 1
    /// Tokens of a step and of a sequence; `nil` where there are none.
    package var tokens: Tokens?
    package var figure: Spread
    package var unit: String
    package var ceiling: Ceiling?
    /// Of steps of several ranks.
    package var traffic: Traffic?

    package init(_ benchmark: String, _ subject: String, figure: Spread, unit: String) {
        (self.benchmark, self.subject, self.figure, self.unit) = (benchmark, subject, figure, unit)
    }

    /// What a step computes.
    package struct Tokens: Sendable, Equatable {
        /// Sequences side by side.
        package var sequences = 1
        /// Tokens of each of them in a step.
        package var each = 1
        /// Tokens of each of them that are in the cache already.
        package var context = 0

        package init(sequences: Int = 1, each: Int = 1, context: Int = 0) {
            (self.sequences, self.each, self.context) = (sequences, each, context)
        }

        /// `256`, `8 × 1`, `1 @ 2048`.
        package var text: String {
            (sequences > 1 ? "\(sequences) × " : "") + "\(each)" + (context > 0 ? " @ \(context)" : "")
        }
    }

    /// What the exchanges of a step cost, as the rank says that has most of it.
    package struct Traffic: Sendable, Equatable {
        /// Counted, and as planned before anything is loaded.
        package let sentBytes, plannedBytes: Double
        /// In which nothing was done but to wait for others.
        package let waitSeconds: Double
        /// In which another program had the processor of the thread that owns MPI.
        package let displacedSeconds: Double
    }

    /// What the machine could do, measured in turns with the figure.
    package struct Ceiling: Sendable, Equatable {
        package let name: String
        /// In the figure's unit.
        package let value: Double
        /// The median of the rounds' ratios: 1 is all that the ceiling allows.
        package let share: Double

        package init(_ name: String, value: Double, share: Double) {
            (self.name, self.value, self.share) = (name, value, share)
        }
    }
}

extension BenchmarkRow: Encodable {
    private enum Key: String, CodingKey {
        case benchmark, subject, format, ranks, threads, sequences, tokens, context, unit, median, lowest, highest
        case rounds, ceiling, ceilingOf = "ceiling_of", share
        case sent = "sent_bytes", planned = "planned_bytes", waited = "wait_seconds", displaced = "displaced_seconds"
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(benchmark, forKey: .benchmark)
        try fields.encode(subject, forKey: .subject)
        if !format.isEmpty { try fields.encode(format, forKey: .format) }
        try fields.encode(ranks, forKey: .ranks)
        try fields.encode(threads, forKey: .threads)
        if let tokens {
            try fields.encode(tokens.sequences, forKey: .sequences)
            try fields.encode(tokens.each, forKey: .tokens)
            try fields.encode(tokens.context, forKey: .context)
        }
        try fields.encode(unit, forKey: .unit)
        try fields.encode(figure.median, forKey: .median)
        try fields.encode(figure.lowest, forKey: .lowest)
        try fields.encode(figure.highest, forKey: .highest)
        try fields.encode(figure.count, forKey: .rounds)
        if let traffic {
            try fields.encode(traffic.sentBytes, forKey: .sent)
            try fields.encode(traffic.plannedBytes, forKey: .planned)
            try fields.encode(traffic.waitSeconds, forKey: .waited)
            try fields.encode(traffic.displacedSeconds, forKey: .displaced)
        }
        guard let ceiling else { return }
        try fields.encode(ceiling.value, forKey: .ceiling)
        try fields.encode(ceiling.name, forKey: .ceilingOf)
        try fields.encode(ceiling.share, forKey: .share)
    }
}
