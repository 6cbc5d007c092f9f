internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Kernels
internal import Requests
internal import SAILVL2Model
internal import Sharding

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

/// What each decoder rank's place can do, measured before the model is cut: how fast it reads memory, and how much it has.
///
/// Decoding reads every weight once a token, so that the rate of reading is the rate of decoding. All ranks measure at the
/// same time: ranks of one host share its memory then as they will.
struct ShareMeasurement {
    private let checkpoint: Checkpoint
    private let options: RankOptions
    private let decoders: MPICommunicator
    private let threads: Int

    /// Longer than the tenth of a second for which a container's quota of processor time is dealt out.
    private static let window = Duration.milliseconds(200)
    private static let rounds = 3
    /// Bytes read again and again: more than caches hold, of each thread at least.
    private static let bytes = (all: 128 << 20, thread: 32 << 20)
    private static let chunk = 1 << 20
    /// Room that stays free, in parts of what there is.
    private static let reserve = 0.05
    /// From so many bytes of weights on, loading takes so long that a measurement is not noticed.
    private static let large = 1 << 30

    init(_ checkpoint: Checkpoint, _ options: RankOptions, _ decoders: MPICommunicator, threads: Int) {
        (self.checkpoint, self.options, self.decoders, self.threads) = (checkpoint, options, decoders, threads)
    }

    /// The options with measured weights and room, unchanged where shares are not to be measured; and the bytes a second
    /// that this rank reads, which are the ceiling of decoding, except of small models.
    ///
    /// Collective over the decoder ranks.
    func run(reportingTo endpoint: any RankEndpoint) throws -> (options: RankOptions, readBytesPerSecond: Double?) {
        let sharesAreMeasured = options.measuresShares && decoders.size > 1
        guard try sharesAreMeasured || isLarge() else { return (options, nil) }
        let mine = try measure()
        guard sharesAreMeasured else { return (options, mine) }
        return (try shared(by: decoders.allGather(UInt64(mine)).map { Double($0) }, endpoint), mine)
    }

    /// The same on every rank, so that all of them measure or none.
    private func isLarge() throws -> Bool {
        let plan = try ShardPlan(checkpoint.config.decoder, ranks: 1)
        let format = try DecoderOptions(options, checkpoint).format
        return DecoderMemory.weightBytes(checkpoint, plan: plan, rank: 0, format: format) >= Self.large
    }

    private func shared(by bandwidths: [Double], _ endpoint: any RankEndpoint) throws -> RankOptions {
        let room = try room()
        var measured = options
        measured.rankWeights = MeasuredShares.weights(bandwidths)
        let config = checkpoint.config.decoder
        let weights = measured.rankWeights ?? Array(repeating: 1, count: decoders.size)
        guard ShardPlan.fits(config, weights: weights, room: room) else {
            throw RanksOutOfMemoryError(available: room.bytes.reduce(0, +))
        }
        // Where equal shares fit, ranks of equal speed keep the usual ones.
        let usual = try ShardPlan(config, ranks: decoders.size)
        if measured.rankWeights != nil || !usual.hasRoom(room, config) { measured.shareRoom = room }
        if decoders.rank == 0 { endpoint.send(.log(Self.text(bandwidths, measured.rankWeights))) }
        return measured
    }

    private static func text(_ bandwidths: [Double], _ weights: [Double]?) -> String {
        let rates = bandwidths.map { String(format: "%.1f", $0 / 1e9) }.joined(separator: ", ")
        let shares = weights.map { $0.map { String(format: "%.2f", $0) }.joined(separator: ", ") } ?? "equal"
        return "decoder ranks read \(rates) GB/s: shares \(shares)"
    }

    /// Bytes a second that this rank's threads read while all others read too.
    private func measure() throws -> Double {
        let pool = ThreadPool(threads: threads)
        let count = max(Self.bytes.all, Self.bytes.thread * threads) / Self.chunk
        let memory = ScratchMemory(byteCount: count * Self.chunk)
        let kernels = KernelSet.active
        // Pages that were never written are all one page of zeros.
        pool.run(count) { task in
            (memory.base + task * Self.chunk).initializeMemory(as: UInt64.self, repeating: 1, count: Self.chunk / 8)
        }
        var best = 1.0
        for _ in 0..<Self.rounds {
            // Nobody begins before the last one is there.
            _ = try decoders.allGather(0)
            let began = ContinuousClock.now
            var passes = 0
            while ContinuousClock.now - began < Self.window {
                pool.step {
                    pool.run(count) { task in
                        kernels.readStreams(memory.base + task * Self.chunk, byteCount: Self.chunk)
                    }
                }
                passes += 1
            }
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            best = max(best, Double(passes * count * Self.chunk) / seconds)
        }
        return best
    }

    /// What every decoder rank has room for beside its work areas and the ends of the model.
    private func room() throws -> ShareRoom {
        let config = checkpoint.config.decoder
        let decoder = try DecoderOptions(options, checkpoint)
        let alone = try ShardPlan(config, ranks: 1)
        let here = try decoders.ranksOfSameHost(Machine.hostName + Machine.identity).count
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
