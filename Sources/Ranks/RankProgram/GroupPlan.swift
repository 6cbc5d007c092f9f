package import Checkpoints
package import Diagnostics
internal import Kernels
internal import SAILVL2Model
internal import Sharding
internal import Tensors

/// What every rank of a group will hold and send, known before anything is loaded.
package struct GroupPlan: Sendable, Equatable {
    /// One rank's share, in bytes where nothing else is said.
    package struct Rank: Sendable, Equatable, Encodable {
        package var rank: Int
        package var role: String
        /// Threads that compute, if all ranks run on this host.
        package var threads = 0
        /// Threads of a vision rank besides, which work while nobody else wants their processors.
        package var helpers = 0
        /// Empty on a vision rank.
        package var queryHeads: Range<Int>
        package var kvHeads: Range<Int>
        package var mlpRows: Range<Int>
        package var vocabularyRows: Range<Int>
        package var weightBytes: Int
        package var cacheBytes: Int
        package var workBytes: Int
        /// Part of the work area that the ranks of one host share: memory without a name, which no limit of `/dev/shm` bounds.
        package var sharedBytes = 0
        /// Sent by this rank in a decode step of one token.
        package var decodeStepBytes: Int
        /// Sent by this rank in a prefill step of one whole chunk; by a vision rank, for a tile.
        package var prefillStepBytes: Int

        package var totalBytes: Int { weightBytes + cacheBytes + workBytes }
    }

    package private(set) var ranks: [Rank]
    package let options: RankOptions
    /// Of each thread of a vision rank, helpers included: part of its work area.
    private let bytesOfVisionThread: Int
    /// How matrices will be held.
    package let format: WeightFormat
    /// And those of the vision tower.
    package let visionFormat: VisionFormat
    /// What a packed checkpoint's scales were chosen by, for people.
    package let calibration: String?

    package var totalBytes: Int { ranks.reduce(0) { $0 + $1.totalBytes } }
    package var sharedBytes: Int { ranks.reduce(0) { $0 + $1.sharedBytes } }

    /// - Throws: `UsageError` when the ranks do not fit the model, or the format and place of weights the checkpoint.
    package init(_ checkpoint: Checkpoint, _ options: RankOptions) throws(UsageError) {
        guard options.visionRanks >= 1 else {
            throw UsageError("a group needs at least one vision rank, found --vision-ranks \(options.visionRanks)")
        }
        let config = checkpoint.config
        let decoder = try DecoderOptions(options, checkpoint)
        let plan = try ShardPlan(config.decoder, ranks: options.decoderRanks, weights: options.rankWeights)
        self.options = options
        format = decoder.format
        calibration = checkpoint.calibration
        let decoders = plan.shards.map { shard in
            Rank(
                rank: shard.rank,
                role: "decoder",
                queryHeads: shard.queryHeads,
                kvHeads: shard.kvHeads,
                mlpRows: shard.mlpRows,
                vocabularyRows: shard.vocabularyRows,
                weightBytes: DecoderMemory.weightBytes(
                    checkpoint,
                    plan: plan,
                    rank: shard.rank,
                    format: decoder.format
                ),
                cacheBytes: DecoderMemory.cacheBytes(
                    config.decoder,
                    shard: shard,
                    options: decoder
                ),
                workBytes: DecoderWorkspace.workBytes(
                    config.decoder,
                    plan: plan,
                    rank: shard.rank,
                    options: decoder
                ),
                sharedBytes: DecoderWorkspace.sharedBytes(
                    config.decoder,
                    plan: plan,
                    rank: shard.rank,
                    options: decoder
                ),
                decodeStepBytes: DecoderMemory.stepBytes(
                    checkpoint,
                    decoder.format,
                    plan: plan,
                    rank: shard.rank,
                    tokens: 1,
                    wire: options.wireFormat
                ),
                prefillStepBytes: DecoderMemory.stepBytes(
                    checkpoint,
                    decoder.format,
                    plan: plan,
                    rank: shard.rank,
                    tokens: options.prefillChunk,
                    wire: options.wireFormat
                )
            )
        }
        let tileBytes = config.visualTokensPerTile * config.decoder.hidden * 4 * options.decoderRanks
        let stored = checkpoint.required(TensorNames.projectorInputWeight).elementType
        visionFormat = options.visionFormat(beside: format)
        let element = PackedRows.Element(visionFormat)
        let visionWeights = VisionEncoder.weightBytes(config, stored: stored, element: element)
        let visionWork = VisionEncoder.workBytes(config, element: element, threads: 0)
        let bytesOfThread = VisionEncoder.workBytes(config, element: element, threads: 1) - visionWork
        bytesOfVisionThread = bytesOfThread
        let all =
            decoders
            + (0..<options.visionRanks).map { index in
                Rank(
                    rank: options.decoderRanks + index,
                    role: "vision",
                    queryHeads: 0..<0,
                    kvHeads: 0..<0,
                    mlpRows: 0..<0,
                    vocabularyRows: 0..<0,
                    weightBytes: visionWeights,
                    cacheBytes: 0,
                    workBytes: visionWork,
                    decodeStepBytes: 0,
                    prefillStepBytes: tileBytes
                )
            }
        let everyone = Array(0..<options.worldSize)
        ranks = all.map { rank in
            var rank = rank
            let place = RankPlace(rank.rank, ranksHere: everyone, options)
            (rank.threads, rank.helpers) = (place.threads, place.helpers)
            if rank.role == "vision" { rank.workBytes += (place.threads + place.helpers) * bytesOfThread }
            return rank
        }
    }

    /// The same with the threads of each rank as they are where it was placed; `nil` where nobody knows.
    package func placed(_ threads: [(own: Int?, helpers: Int)]) -> GroupPlan {
        var plan = self
        for (index, found) in zip(ranks.indices, threads) {
            guard let own = found.own else { continue }
            let before = ranks[index].threads + ranks[index].helpers
            (plan.ranks[index].threads, plan.ranks[index].helpers) = (own, found.helpers)
            guard ranks[index].role == "vision" else { continue }
            plan.ranks[index].workBytes += (own + found.helpers - before) * bytesOfVisionThread
        }
        return plan
    }
}
