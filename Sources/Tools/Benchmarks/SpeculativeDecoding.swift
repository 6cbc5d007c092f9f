internal import Foundation
internal import Inference
internal import Kernels
internal import SAILVL2Model

extension DecoderBenchmark {
    /// Drafts of a length, of which a token is right with a probability if those before it are.
    package struct Drafts: Sendable {
        package var length: Int
        package var acceptance: Double

        package init(length: Int, acceptance: Double) { (self.length, self.acceptance) = (length, acceptance) }

        /// Tokens that a step brings: those of its draft that are right, and the one behind them.
        ///
        /// - SeeAlso: Leviathan et al., *Fast Inference from Transformers via Speculative Decoding*, arXiv:2211.17192,
        ///   equation 1.
        package var tokensPerStep: Double { (0...length).reduce(0) { $0 + pow(acceptance, Double($1)) } }

        /// How many tokens of each draft are right, the same in every run, and as often each as it is likely.
        package func accepted(steps: Int) -> [Int] {
            (0..<steps).map { step in
                let chance = (Double(step * Self.stride % steps) + 0.5) / Double(steps)
                return (1...length).count { pow(acceptance, Double($0)) > chance }
            }
        }

        /// Has no divisor in common with numbers of steps, so that long drafts do not follow short ones in order.
        private static let stride = 7
    }

    /// Whole steps of one sequence, the choice of tokens included: with a draft each, and with none, in turns.
    ///
    /// What is drafted is made up, and so is how much of it is right; what a step takes is not.
    ///
    /// - Parameter drafter: computes as many tokens as a draft has before each step; without it drafts cost nothing.
    /// - Returns: tokens a second without drafts and with them, the latter with its share of the former; tokens a step; what
    ///   the formula foretells from the times of the parts, each measured by itself; tokens a second of the drafter.
    package func speculated(
        context: Int,
        _ drafts: Drafts,
        by drafter: DecoderBenchmark? = nil,
        steps: Int = 16
    ) throws -> [BenchmarkRow] {
        let parts = SpeculationParts(self, context: context)
        let others = drafter.map { SpeculationParts($0, context: context) }
        let accepted = drafts.accepted(steps: steps)
        let none = Array(repeating: 0, count: steps)
        var (plain, draft): ([Double], [Double]) = ([], [])
        let outcome = try rounds.measure(
            in: group,
            ideal: {
                plain.append(try parts.seconds(of: steps) { try parts.run(none, drafts: 0) })
                let wide = try parts.seconds(of: steps) { try parts.run(accepted, drafts: drafts.length) }
                guard let others else { return Double(steps) * wide }
                let tokens = drafts.length * steps
                draft.append(try others.seconds(of: tokens) { try others.draft(tokens) })
                return Double(steps) * (wide + Double(drafts.length) * (draft.last ?? 0))
            },
            work: {
                guard let others else { return try parts.run(accepted, drafts: drafts.length) }
                for right in accepted {
                    try others.draft(drafts.length)
                    try parts.run([right], drafts: drafts.length)
                }
            }
        )
        let perStep = Double(accepted.reduce(0) { $0 + $1 + 1 }) / Double(steps)
        let rate = outcome.seconds.mapped { perStep * Double(steps) / $0 }
        // The first measurement is before memory and caches have come to be.
        let alone = Spread(Array(plain.dropFirst())).mapped { 1 / $0 }
        var drafted = BenchmarkRow("speculated", subject, figure: rate, unit: "tokens/s")
        drafted.ceiling = .init("greedy", value: alone.median, share: rate.median / alone.median)
        var forecast = BenchmarkRow(
            "forecast",
            subject,
            figure: outcome.ideal.mapped { drafts.tokensPerStep * Double(steps) / $0 },
            unit: "tokens/s"
        )
        let share = drafts.tokensPerStep / perStep / outcome.share
        forecast.ceiling = .init("speculated", value: rate.median, share: share)
        let counted = BenchmarkRow("accepted", subject, figure: Spread([perStep]), unit: "tokens/step")
        let wide = BenchmarkRow.Tokens(each: drafts.length + 1, context: context)
        let greedy = BenchmarkRow("greedy", subject, figure: alone, unit: "tokens/s")
        let rows = [row(greedy, .init(context: context))] + [drafted, counted, forecast].map { row($0, wide) }
        guard let drafter else { return rows }
        let own = Spread(Array(draft.dropFirst())).mapped { 1 / $0 }
        let drafting = BenchmarkRow("drafting", drafter.subject, figure: own, unit: "tokens/s")
        return rows + [drafter.row(drafting, .init(context: context))]
    }
}

/// Steps of a model that checks drafts, or makes them.
private final class SpeculationParts {
    private let benchmark: DecoderBenchmark
    private let worker: DecoderWorker
    private var batches: StepBatches
    private var position = 0

    /// Positions behind the context that steps go through, again and again.
    private static let positions = 64
    /// A part of a step is repeated for so many seconds.
    private static let turnSeconds = 0.1

    init(_ benchmark: DecoderBenchmark, context: Int) {
        self.benchmark = benchmark
        worker = DecoderWorker(decoder: benchmark.decoder, inbox: NoTiles())
        batches = StepBatches(benchmark.decoder, sequences: 1, context: context, positions: Self.positions)
        if context > 0 { batches.fillCache() }
    }

    /// Steps that check drafts of which so many tokens are right.
    func run(_ accepted: [Int], drafts: Int) throws {
        for right in accepted {
            if position + drafts >= Self.positions { position = 0 }
            let batch = batches.run(at: position, tokens: drafts + 1)
            _ = try worker.execute(StepPlan(batch, drafts: drafts))
            position += right + 1
        }
    }

    /// So many tokens, one after the other.
    func draft(_ tokens: Int) throws {
        for _ in 0..<tokens { _ = try worker.execute(StepPlan(batches.nextDecode())) }
    }

    /// Seconds of each of the things of which `body` does so many; collective.
    func seconds(of count: Int, _ body: () throws -> Void) throws -> Double {
        let group = benchmark.group
        let once = try group.seconds(body)
        let times = try group.agreed(min(1000, Int(Self.turnSeconds / max(once, 1e-7))))
        guard times > 1 else { return once / Double(count) }
        return try group.seconds { for _ in 0..<times { try body() } } / Double(times * count)
    }
}
