internal import Checkpoints
internal import Inference
internal import Kernels
internal import SAILVL2Model
internal import Tensors

extension DecoderBenchmark {
    /// How the tokens of a measurement are chosen.
    package struct Choice: Sendable {
        package var temperature: Float
        package var topP: Float
        package var topK: Int32

        package init(temperature: Float, topP: Float, topK: Int32) {
            (self.temperature, self.topP, self.topK) = (temperature, topP, topK)
        }
    }

    /// Whole steps of one new token a sequence, choice of the tokens included: greedy ones and sampled ones in turns.
    ///
    /// - Returns: tokens a second of the one and the other, the latter with its share of the former, and the bytes that a
    ///   rank contributes to the choices of a step, which are counted.
    package func sampled(sequences: Int, context: Int, _ choice: Choice, steps: Int = 8) throws -> [BenchmarkRow] {
        let worker = DecoderWorker(decoder: decoder, inbox: NoTiles())
        let batches = StepBatches(decoder, sequences: sequences, context: context, positions: 64)
        if context > 0 { batches.fillCache() }
        var plans = StepPlans(batches: batches)
        var sampling = TokenChoice()
        (sampling.temperature, sampling.topP, sampling.topK) = (choice.temperature, choice.topP, choice.topK)
        func run(_ choice: TokenChoice) throws {
            for _ in 0..<steps { _ = try worker.execute(plans.next(choice)) }
        }
        var (stepsDone, bytes) = (0, 0)
        let outcome = try rounds.measure(
            in: group,
            ideal: { try group.seconds { try run(TokenChoice()) } },
            work: {
                let before = worker.gatheredBytes
                try run(sampling)
                stepsDone += steps
                bytes += worker.gatheredBytes.records - before.records + worker.gatheredBytes.whole - before.whole
            }
        )
        let tokens = Double(steps * sequences)
        let shape = BenchmarkRow.Tokens(sequences: sequences, each: 1, context: context)
        let name = subject
        var greedy = BenchmarkRow("greedy", name, figure: outcome.ideal.mapped { tokens / $0 }, unit: "tokens/s")
        var drawn = BenchmarkRow.rate("sampled", name, outcome, amount: tokens, unit: "tokens/s", ceiling: "greedy")
        let each = Double(bytes) / Double(max(stepsDone, 1))
        var sent = BenchmarkRow("gathered", name, figure: Spread([each]), unit: "bytes/step")
        (greedy, drawn, sent) = (row(greedy, shape), row(drawn, shape), row(sent, shape))
        return [greedy, drawn, sent]
    }
}

/// Plans of decode steps, one after the other.
private struct StepPlans {
    var batches: StepBatches

    mutating func next(_ choice: TokenChoice) -> StepPlan {
        StepPlan(batches.nextDecode()) { number in
            var choice = choice
            choice.seed = UInt64(number)
            return choice
        }
    }
}

extension StepPlan {
    /// A batch as a step, with a choice behind each run.
    ///
    /// - Parameters:
    ///   - drafts: the last tokens of each run.
    ///   - choice: of a run, by its number.
    init(_ batch: DecoderBatch, drafts: Int = 0, choice: (_ run: Int) -> TokenChoice = { _ in TokenChoice() }) {
        self.init()
        tokens = batch.tokens
        runs = batch.runs.enumerated().map { number, run in
            Run(
                start: Int32(run.start),
                count: Int32(run.count),
                pages: run.pages,
                logits: .candidates,
                drafts: Int32(drafts),
                choice: choice(number)
            )
        }
    }
}

/// Steps without pictures.
final class NoTiles: TileInbox {
    func nextHeader() -> TileHeader? { nil }
    func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) {}
}
