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

    package let shards: [Shard]
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
    package init(
        _ config: ModelConfig.Decoder,
        ranks: Int,
        weights: [Double]? = nil,
        room: ShareRoom? = nil
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

        let isEqual = weights.allSatisfy { $0 == weights[0] }
        let unequal = isEqual && room == nil ? nil : Self.unequal(config, weights, room)
        let heads = unequal?.heads ?? Self.queryHeads(config, weights: weights)
        let mlp =
            unequal?.leaves
            ?? Self.balancedLeaves(config, heads: heads, leafCount: config.mlpLeaves, weights: weights)
        let vocabularyUnits = (config.vocabulary + Self.vocabularyAlignment - 1) / Self.vocabularyAlignment
        let vocabulary = apportion(vocabularyUnits, by: weights)
        let group = config.heads / config.kvHeads
        shards = (0..<ranks).map { rank in
            Shard(
                rank: rank,
                queryHeads: heads[rank],
                kvHeads: (heads[rank].lowerBound / group)..<((heads[rank].upperBound + group - 1) / group),
                mlpLeaves: mlp[rank],
                mlpRows: Self.scaled(mlp[rank], by: config.mlpBlock, limit: config.intermediate),
                vocabularyRows: Self.scaled(vocabulary[rank], by: Self.vocabularyAlignment, limit: config.vocabulary)
            )
        }
    }

    private static func scaled(_ units: Range<Int>, by unit: Int, limit: Int) -> Range<Int> {
        min(units.lowerBound * unit, limit)..<min(units.upperBound * unit, limit)
    }

    private static func queryHeads(_ config: ModelConfig.Decoder, weights: [Double]) -> [Range<Int>] {
        let group = config.heads / config.kvHeads
        guard weights.count <= config.kvHeads else { return apportionAtLeastOne(config.heads, by: weights) }
        return apportionAtLeastOne(config.kvHeads, by: weights)
            .map { ($0.lowerBound * group)..<($0.upperBound * group) }
    }

    /// Gives leaf blocks so that attention and MLP together weigh the same on every rank, where heads do not divide.
    private static func balancedLeaves(
        _ config: ModelConfig.Decoder,
        heads: [Range<Int>],
        leafCount: Int,
        weights: [Double]
    ) -> [Range<Int>] {
        let group = config.heads / config.kvHeads
        let mlpWeight = Double(3 * config.intermediate * config.hidden)
        let attentionWeights = heads.map { range -> Double in
            let kv = (range.upperBound + group - 1) / group - range.lowerBound / group
            return Double((2 * range.count + 2 * kv) * config.headDim * config.hidden)
        }
        let total = mlpWeight + attentionWeights.reduce(0, +)
        let weightSum = weights.reduce(0, +)
        let missing = zip(weights, attentionWeights).map { max(0, total * $0 / weightSum - $1) }
        return apportion(leafCount, by: missing.contains { $0 > 0 } ? missing : weights)
    }
}
