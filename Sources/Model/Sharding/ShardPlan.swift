package import Checkpoints
package import Diagnostics

/// Which decoder rank holds what: a pure value, printed before anything is loaded and tested without MPI.
///
/// Megatron's sharding: q/k/v and gate/up are column-parallel, o and down row-parallel, embedding and head
/// vocab-parallel. The unit of attention is a KV head with its query heads while ranks do not outnumber KV heads,
/// a single query head (its KV head held by several ranks) beyond; the unit of the MLP is a leaf block.
///
/// - SeeAlso: Shoeybi et al., *Megatron-LM*, arXiv:1909.08053, section 3.
package struct ShardPlan: Sendable, Equatable {
    /// One decoder rank's share.
    ///
    /// Ranges are in the numbering of the whole model.
    package struct Shard: Sendable, Equatable {
        package let rank: Int
        package let queryHeads: Range<Int>
        package let kvHeads: Range<Int>
        package let mlpLeaves: Range<Int>
        /// Rows of gate and up, columns of down.
        package let mlpRows: Range<Int>
        /// Rows of the embedding and of the head.
        package let vocabularyRows: Range<Int>
    }

    package private(set) var shards: [Shard]
    /// Sums the heads' contributions to the residual stream: one leaf a query head.
    package let attentionTree: ReductionTree
    /// Sums the MLP's contributions: one leaf a block of `mlpBlock` rows.
    package let mlpTree: ReductionTree
    /// Rows of a leaf block; the last one may be shorter.
    package let mlpBlock: Int

    package var worldSize: Int { shards.count }

    /// Vocabulary shards begin at multiples of this, so that sums over the vocabulary have fixed blocks.
    package static let vocabularyAlignment = 64

    /// - Parameters:
    ///   - weights: the relative speed of each rank's machine; equal when `nil`.
    ///   - room: what the ranks have room for, which shares follow where that is possible: see `fits`.
    ///   - costs: of the machines.
    package init(
        _ config: ModelConfig.Decoder,
        ranks: Int,
        weights: [Double]? = nil,
        room: ShareRoom? = nil,
        costs: ShareCosts = .nominal
    ) throws(UsageError) {
        guard ranks >= 1, ranks <= config.heads else {
            throw UsageError(
                "\(ranks) decoder ranks asked for, but the model has \(config.heads) query heads",
                hint: "choose --decoder-ranks between 1 and \(config.heads)"
            )
        }
        let weights = weights ?? Array(repeating: 1, count: ranks)
        guard weights.count == ranks, weights.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw UsageError("--rank-weights needs \(ranks) positive numbers, one a decoder rank, found \(weights)")
        }
        mlpBlock = config.mlpBlock
        mlpTree = ReductionTree(leafCount: config.mlpLeaves)
        attentionTree = ReductionTree(leafCount: config.heads)

        shards = Self.shards(
            config,
            weights,
            heads: Self.queryHeads(config, attentionTree, weights: weights, costs),
            leaves: Self.leaves(config, mlpTree, weights: weights, costs)
        )
        // Where memory is short it decides, as far as it must.
        if let room, !hasRoom(room, config), let found = Self.within(room, config, weights) {
            shards = Self.shards(config, weights, heads: found.heads, leaves: found.leaves)
        }
    }

    private static func shards(
        _ config: ModelConfig.Decoder,
        _ weights: [Double],
        heads: [Range<Int>],
        leaves: [Range<Int>]
    ) -> [Shard] {
        let vocabularyUnits = (config.vocabulary + vocabularyAlignment - 1) / vocabularyAlignment
        let vocabulary = apportion(vocabularyUnits, by: weights)
        let group = config.heads / config.kvHeads
        return weights.indices.map { rank in
            Shard(
                rank: rank,
                queryHeads: heads[rank],
                kvHeads: (heads[rank].lowerBound / group)..<((heads[rank].upperBound + group - 1) / group),
                mlpLeaves: leaves[rank],
                mlpRows: scaled(leaves[rank], by: config.mlpBlock, limit: config.intermediate),
                vocabularyRows: scaled(vocabulary[rank], by: vocabularyAlignment, limit: config.vocabulary)
            )
        }
    }

    private static func scaled(_ units: Range<Int>, by unit: Int, limit: Int) -> Range<Int> {
        min(units.lowerBound * unit, limit)..<min(units.upperBound * unit, limit)
    }

    /// Whole KV heads while ranks do not outnumber them; at least one query head a rank.
    private static func queryHeads(
        _ config: ModelConfig.Decoder,
        _ tree: ReductionTree,
        weights: [Double],
        _ costs: ShareCosts
    ) -> [Range<Int>] {
        let group = config.heads / config.kvHeads
        let row = Double(config.headDim * config.hidden) * costs.secondsPerWeight
        return StepShares(
            tree: tree,
            unit: weights.count <= config.kvHeads ? group : 1,
            ranks: weights.count,
            mayBeEmpty: false,
            seconds: { rank, heads in
                let kv = (heads.upperBound + group - 1) / group - heads.lowerBound / group
                return Double(2 * heads.count + 2 * kv) * row / weights[rank]
            },
            sum: { costs.sumSeconds(nodes: $0, width: config.hidden, ranks: weights.count) }
        ).best()
    }

    private static func leaves(
        _ config: ModelConfig.Decoder,
        _ tree: ReductionTree,
        weights: [Double],
        _ costs: ShareCosts
    ) -> [Range<Int>] {
        let leaf = Double(3 * config.mlpBlock * config.hidden) * costs.secondsPerWeight
        return StepShares(
            tree: tree,
            unit: 1,
            ranks: weights.count,
            mayBeEmpty: true,
            seconds: { rank, leaves in Double(leaves.count) * leaf / weights[rank] },
            sum: { costs.sumSeconds(nodes: $0, width: config.hidden, ranks: weights.count) }
        ).best()
    }
}
