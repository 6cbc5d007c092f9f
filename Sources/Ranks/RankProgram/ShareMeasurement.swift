package import Checkpoints
package import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Kernels
internal import Requests
internal import SAILVL2Model
package import Sharding

/// The decoder ranks together have too little memory.
struct RanksOutOfMemoryError: OperatorError {
    let available: Int

    var description: String {
        String(
            format:
                "the model does not fit into the %.2f GiB that the decoder ranks have together, however it is shared",
            Double(available) / 1_073_741_824
        )
    }
    var hint: String? { "a smaller --context, a smaller --format or more hosts need less" }
    var exitCode: ExitCode { .outOfMemory }
}

/// What each decoder rank's place can do, measured before the model is cut: how fast it decodes, and how much memory it has.
///
/// Decoding multiplies one token by every weight, in the format in which weights are held: what limits that, memory or
/// arithmetic, is another thing for each format. All ranks measure at the same time: ranks of one host share its memory
/// then as they will.
package struct ShareMeasurement {
    private let checkpoint: Checkpoint
    private let options: RankOptions
    private let decoders: MPICommunicator
    private let threads: Int

    /// Room that stays free, in parts of what there is.
    private static let reserve = 0.05

    /// The division that ranks choose which are told nothing but to measure.
    ///
    /// Collective.
    package static func plan(
        _ checkpoint: Checkpoint,
        format: WeightFormat,
        _ decoders: MPICommunicator,
        threads: Int,
        reporting report: (String) -> Void
    ) throws -> ShardPlan {
        var options = RankOptions(model: checkpoint.directory)
        (options.decoderRanks, options.format, options.measuresShares) = (decoders.size, format, true)
        let measured = try ShareMeasurement(checkpoint, options, decoders, threads: threads).run(reporting: report)
        return try measured.shardPlan(checkpoint.config.decoder)
    }

    init(_ checkpoint: Checkpoint, _ options: RankOptions, _ decoders: MPICommunicator, threads: Int) {
        (self.checkpoint, self.options, self.decoders, self.threads) = (checkpoint, options, decoders, threads)
    }

    /// The options with measured weights and room; unchanged where nothing is to be measured.
    ///
    /// Collective over the decoder ranks.
    func run(reporting report: (String) -> Void) throws -> RankOptions {
        guard options.measuresShares, decoders.size > 1 else { return options }
        let here = try ranksHere()
        let rates = try decoders.allGather(UInt64(measure(here))).map { Double($0) }
        let room = try room(here)
        var measured = options
        measured.rankWeights = MeasuredShares.weights(rates)
        let config = checkpoint.config.decoder
        let weights = measured.rankWeights ?? Array(repeating: 1, count: decoders.size)
        guard ShardPlan.fits(config, weights: weights, room: room) else {
            throw RanksOutOfMemoryError(available: room.bytes.reduce(0, +))
        }
        // Where equal shares fit, ranks of equal speed keep the usual ones.
        let usual = try ShardPlan(config, ranks: decoders.size)
        if measured.rankWeights != nil || !usual.hasRoom(room, config) { measured.shareRoom = room }
        if measured.rankWeights != nil { measured.shareCosts = try costs(secondsPerWeight: 1 / (rates.max() ?? 1)) }
        if decoders.rank == 0 { report(Self.text(rates, measured.rankWeights)) }
        return measured
    }

    private static func text(_ rates: [Double], _ weights: [Double]?) -> String {
        let rates = rates.map { String(format: "%.1f", $0 / 1e9) }.joined(separator: ", ")
        let shares = weights.map { $0.map { String(format: "%.2f", $0) }.joined(separator: ", ") } ?? "equal"
        return "decoder ranks multiply by \(rates) thousand million weights a second: shares \(shares)"
    }

    /// Weights a second by which this rank's threads multiply a token while all others do too.
    ///
    /// - Parameter here: decoder ranks on this rank's host.
    private func measure(_ here: Int) throws -> Double {
        let format = try checkpoint.format(asked: options.format)
        let probe = DecodeProbe(
            checkpoint,
            format: format,
            ranks: decoders.size,
            bytes: probedBytes(here),
            pool: ThreadPool(threads: threads)
        )
        return try decoders.rate { probe.multiply() }
    }

    /// Twice what this host's last cache holds, by all of its ranks together, but little of its memory.
    private func probedBytes(_ here: Int) -> Int {
        let cache = max(2 * max(0, sysconf(Int32(_SC_LEVEL3_CACHE_SIZE))), 128 << 20)
        let memory = AvailableMemory.bytes ?? Int(ProcessInfo.processInfo.physicalMemory)
        return min(max(cache / here, threads * 32 << 20), memory / 16 / here)
    }

    /// Decoder ranks on this rank's host; collective.
    private func ranksHere() throws -> Int { try decoders.ranksOfSameHost(Machine.hostName + Machine.identity).count }

    /// With what exchanges between hosts take here; on one host next to nothing.
    ///
    /// Collective, and the same on every rank.
    private func costs(secondsPerWeight: Double) throws -> ShareCosts {
        let network = try decoders.fabric().network ?? NetworkModel(latency: 1e-6, secondsPerByte: 1e-10)
        // The bits of positive numbers are in their order; ranks that do not speak to other hosts have not measured.
        let slowest = { (figure: Double) in
            Double(bitPattern: try decoders.allGather(figure.bitPattern).max() ?? figure.bitPattern)
        }
        return ShareCosts(
            secondsPerWeight: secondsPerWeight,
            latency: try slowest(network.latency),
            secondsPerByte: try slowest(network.secondsPerByte)
        )
    }

    /// What every decoder rank has room for beside its work areas and the ends of the model.
    private func room(_ here: Int) throws -> ShareRoom {
        let config = checkpoint.config.decoder
        let decoder = try DecoderOptions(options, checkpoint)
        let alone = try ShardPlan(config, ranks: 1)
        let available = AvailableMemory.bytes.map { Double($0) * (1 - Self.reserve) / Double(here) }
        let work = DecoderWorkspace.workBytes(config, plan: alone, rank: 0, options: decoder)
        let weights = DecoderMemory.weightBytes(checkpoint, plan: alone, rank: 0, format: decoder.format)
        let vocabulary = (config.tiedEmbeddings ? 1 : 2) * config.vocabulary * config.hidden
        let perLayer =
            2 * (config.heads + config.kvHeads) * config.headDim * config.hidden
            + 3 * config.intermediate * config.hidden
        let each = Double(weights) / Double(vocabulary + config.layers * perLayer)
        let ends = Int(each * Double(vocabulary)) / decoders.size
        // As good as without limit where the kernel does not say.
        let mine = available.map { max(0, Int($0) - work - ends) } ?? 1 << 60
        return ShareRoom(
            bytes: try decoders.allGather(UInt64(mine)).map { Int($0) },
            weightBytes: each,
            cacheBytes: DecoderMemory.cacheBytes(config, shard: alone.shards[0], options: decoder) / config.kvHeads
        )
    }
}

extension RankOptions {
    /// The division of the decoder, by hand, as measured, or equal.
    func shardPlan(_ config: ModelConfig.Decoder) throws(UsageError) -> ShardPlan {
        try ShardPlan(config, ranks: decoderRanks, weights: rankWeights, room: shareRoom, costs: shareCosts)
    }
}
