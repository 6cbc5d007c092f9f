internal import Inference
internal import Kernels
internal import SAILVL2Model

extension DecoderBenchmark {
    /// Drafts of a length, of which a token is right with a probability if those before it are.
    package struct Drafts: Sendable {
        package var length: Int
        package var acceptance: Double

        package init(length: Int, acceptance: Double) { (self.length, self.acceptance) = (length, acceptance) }

        /// How many tokens of each draft are right, the same in every run.
        func accepted(steps: Int) -> [Int] {
            (0..<steps).map { step in
                var right = 0
                while right < length, Self.coin(step * length + right) < acceptance { right += 1 }
                return right
            }
        }

        /// A number in 0..<1 for each place: the fractional parts of multiples of the golden ratio, spread evenly.
        private static func coin(_ place: Int) -> Double {
            let product = Double(place + 1) * 0.618_033_988_749_895
            return product - product.rounded(.down)
        }
    }

    /// Whole steps of one sequence, the choice of tokens included: with a draft each, and with none, in turns.
    ///
    /// What is drafted is made up, and so is how much of it is right; what a step takes is not.
    ///
    /// - Returns: tokens a second without drafts and with them, the latter with its share of the former, and tokens a step.
    package func speculated(context: Int, _ drafts: Drafts, steps: Int = 16) throws -> [BenchmarkRow] {
        let worker = DecoderWorker(decoder: decoder, inbox: NoTiles())
        let batches = StepBatches(decoder, sequences: 1, context: context, positions: 64)
        if context > 0 { batches.fillCache() }
        let accepted = drafts.accepted(steps: steps)
        func run(_ drafts: Int, _ accepted: [Int]) throws {
            var position = 0
            for right in accepted {
                if position + drafts >= 64 { position = 0 }
                let batch = batches.run(at: position, tokens: drafts + 1)
                _ = try worker.execute(StepPlan(batch, drafts: drafts))
                position += right + 1
            }
        }
        let outcome = try rounds.measure(
            in: group,
            ideal: { try group.seconds { try run(0, Array(repeating: 0, count: steps)) } },
            work: { try run(drafts.length, accepted) }
        )
        let perStep = Double(accepted.reduce(0) { $0 + $1 + 1 }) / Double(steps)
        return speculationRows(outcome, perStep: perStep, steps: steps, drafts: drafts, context: context)
    }

    private func speculationRows(
        _ outcome: Rounds.Outcome,
        perStep: Double,
        steps: Int,
        drafts: Drafts,
        context: Int
    ) -> [BenchmarkRow] {
        let alone = outcome.ideal.mapped { Double(steps) / $0 }
        let rate = outcome.seconds.mapped { perStep * Double(steps) / $0 }
        var greedy = BenchmarkRow("greedy", subject, figure: alone, unit: "tokens/s")
        var drafted = BenchmarkRow("speculated", subject, figure: rate, unit: "tokens/s")
        drafted.ceiling = .init("greedy", value: alone.median, share: perStep * outcome.share)
        var counted = BenchmarkRow("accepted", subject, figure: Spread([perStep]), unit: "tokens/step")
        (greedy, drafted) = (
            row(greedy, .init(context: context)), row(drafted, .init(each: drafts.length + 1, context: context))
        )
        counted = row(counted, .init(each: drafts.length + 1, context: context))
        return [greedy, drafted, counted]
    }
}
