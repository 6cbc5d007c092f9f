package import Checkpoints
internal import Communication
internal import Diagnostics
package import Kernels
internal import RankProgram
internal import SAILVL2Model
internal import Scaling
internal import Sharding
internal import Tensors

/// The decoder of a real checkpoint, run as a rank runs it: the same shard, kernels, cache and all-reduces.
///
/// ## Ceilings
/// A decode step reads every weight of the layers and of the head once, and the keys and values of its sequences: at
/// best it takes these bytes over the bandwidth at which the same threads read memory. A prefill computes: at best it
/// takes the operations of its products over the rate of multiply-adds in registers, of dot products of bfloat16, or of
/// products of eight-bit integers, as the format computes. All are measured in turns with the steps; the slowest rank
/// counts.
package final class DecoderBenchmark {
    let decoder: Qwen3Decoder
    let group: BenchmarkGroup
    let rounds: Rounds
    let probe: MachineProbe
    let subject: String
    private let format: WeightFormat
    private let threads: Int
    private let work: StepWork
    private let checkpoint: Checkpoint
    private let wire: WireFormat

    /// Sizes that the steps to be measured need.
    package struct Sizes: Sendable {
        /// Tokens that the KV cache has room for, over all sequences.
        package var cacheTokens: Int
        /// Rows of a step at most.
        package var rows: Int
        /// Sequences at most.
        package var sequences: Int

        package init(cacheTokens: Int, rows: Int, sequences: Int) {
            (self.cacheTokens, self.rows, self.sequences) = (cacheTokens, rows, sequences)
        }
    }

    /// How the decoder is divided among the ranks.
    package enum Shares: Sendable {
        case equal
        /// By relative speeds.
        case speeds([Double])
        /// As the ranks measure.
        case measured
    }

    /// Loads this rank's shard.
    ///
    /// Collective.
    ///
    /// - Throws: `UsageError` where the ranks do not fit the model.
    package init(
        _ checkpoint: Checkpoint,
        format: WeightFormat,
        sizes: Sizes,
        wire: WireFormat = .f32,
        shares: Shares = .equal,
        threads: Int,
        rounds: Rounds,
        group: BenchmarkGroup
    ) throws {
        let plan = try Self.plan(checkpoint, format, shares, group, threads: threads)
        let pool = ThreadPool(threads: threads)
        decoder = try BenchmarkModel.decoder(
            checkpoint,
            format: format,
            plan: plan,
            sizes: sizes,
            wire: wire,
            communicator: group.communicator,
            pool: pool
        )
        probe = MachineProbe(pool: pool)
        work = StepWork(checkpoint.config.decoder, shard: plan.shards[group.rank])
        subject = checkpoint.config.modelName
        (self.format, self.threads, self.rounds, self.group) = (format, threads, rounds, group)
        (self.checkpoint, self.wire) = (checkpoint, wire)
    }

    private static func plan(
        _ checkpoint: Checkpoint,
        _ format: WeightFormat,
        _ shares: Shares,
        _ group: BenchmarkGroup,
        threads: Int
    ) throws -> ShardPlan {
        let config = checkpoint.config.decoder
        switch shares {
        case .equal: return try ShardPlan(config, ranks: group.size)
        case .speeds(let speeds): return try ShardPlan(config, ranks: group.size, weights: speeds)
        case .measured:
            guard let world = group.mpi else { return try ShardPlan(config, ranks: 1) }
            return try ShareMeasurement.plan(checkpoint, format: format, world, threads: threads) {
                StandardError.say("bench: \($0)\n")
            }
        }
    }

    /// Steps of one new token a sequence, `context` tokens behind each: tokens a second of all sequences together.
    ///
    /// - Parameter steps: so many follow each other in a repetition, each at the next position.
    package func decode(sequences: Int = 1, context: Int = 0, steps: Int = 8) throws -> BenchmarkRow {
        var batches = StepBatches(decoder, sequences: sequences, context: context, positions: 64)
        if context > 0 { batches.fillCache() }
        let cacheBytes = Double(sequences) * (Double(context) + 32) * StepWork.cacheBytes(decoder.workspace.cache)
        let bytes = Double(decoder.stepBytes) + cacheBytes
        let traffic = CountedTraffic(decoder)
        let outcome = try rounds.measure(
            in: group,
            ideal: { Double(steps) * bytes / probe.readBandwidth() },
            work: { for _ in 0..<steps { try traffic.count { _ = try decoder.forward(batches.nextDecode()) } } }
        )
        let tokens = Double(steps * sequences)
        return try row(
            .rate("decode", subject, outcome, amount: tokens, unit: "tokens/s", ceiling: "read bandwidth"),
            .init(sequences: sequences, each: 1, context: context),
            traffic
        )
    }

    /// A prompt of `tokens` tokens in one step, which ends with the logits of its last token: tokens a second.
    package func prefill(tokens: Int, context: Int = 0) throws -> BenchmarkRow {
        let batches = StepBatches(decoder, sequences: 1, context: context, positions: tokens)
        if context > 0 { batches.fillCache() }
        let batch = batches.prefill(tokens)
        let products = work.productOperations(tokens: tokens)
        let attention = work.attentionOperations(tokens: tokens, context: context)
        let traffic = CountedTraffic(decoder)
        let outcome = try rounds.measure(
            in: group,
            ideal: { products / probe.peak(of: format) + attention / probe.multiplyAddPeak() },
            work: { try traffic.count { _ = try decoder.forward(batch) } }
        )
        return try row(
            .rate("prefill", subject, outcome, amount: Double(tokens), unit: "tokens/s", ceiling: format.peakName),
            .init(sequences: 1, each: tokens, context: context),
            traffic
        )
    }

    func row(_ row: BenchmarkRow, _ tokens: BenchmarkRow.Tokens) -> BenchmarkRow {
        var row = row
        (row.format, row.ranks, row.threads, row.tokens) = (format.rawValue, group.size, threads, tokens)
        return row
    }

    /// With what the ranks' exchanges took; collective.
    private func row(
        _ row: BenchmarkRow,
        _ tokens: BenchmarkRow.Tokens,
        _ traffic: CountedTraffic
    ) throws -> BenchmarkRow {
        var row = self.row(row, tokens)
        guard group.size > 1 else { return row }
        let fabric = decoder.workspace.fabric
        let planned = DecoderMemory.stepBytes(
            checkpoint,
            format,
            plan: decoder.plan,
            rank: group.rank,
            tokens: tokens.sequences * tokens.each,
            domains: fabric.domains,
            network: fabric.network,
            wire: wire
        )
        row.traffic = try traffic.busiest(planned: planned, of: group)
        return row
    }
}
