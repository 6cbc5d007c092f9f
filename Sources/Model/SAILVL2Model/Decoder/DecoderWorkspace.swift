package import Checkpoints
package import Communication
package import Kernels
package import Sharding
internal import Tensors

/// The work areas of a decoder rank, allocated once and written in every step.
package final class DecoderWorkspace {
    package let pool: ThreadPool
    package let cache: KVCachePages
    package let maxRows: Int
    package let maxLogitsRows: Int
    let rotary: RotaryTable
    let attentionReduce: TreeAllReduce
    let mlpReduce: TreeAllReduce
    /// The residual stream, `[rows, hidden]`.
    let hidden: FloatBuffer
    /// `[rows, hidden]`.
    let normed: FloatBuffer
    /// q|k|v in attention, gate|up in the MLP.
    let projected: FloatBuffer
    /// What attention gathers, `[rows, heads/tp · headDim]`.
    let context: FloatBuffer
    /// `[rows with logits, vocabulary/tp]`.
    let logits: FloatBuffer
    /// What the layers must know of a step; filled anew by each, so that a step allocates nothing.
    var positions: [Int] = []
    var runs: [SequenceRun] = []
    var isVisual: [Bool] = []

    package init(
        _ config: ModelConfig.Decoder,
        plan: ShardPlan,
        options: DecoderOptions,
        communicator: any Communicator,
        pool: ThreadPool
    ) {
        let shard = plan.shards[communicator.rank]
        self.pool = pool
        maxRows = options.maxRows
        maxLogitsRows = options.maxLogitsRows
        cache = KVCachePages(
            layout: KVLayout(element: options.cacheElement, kvHeads: shard.kvHeads.count, headDim: config.headDim),
            layers: config.layers,
            pages: options.pages
        )
        rotary = RotaryTable(theta: config.ropeTheta, headDim: config.headDim)
        attentionReduce = TreeAllReduce(
            tree: plan.attentionTree,
            leaves: plan.shards.map(\.queryHeads),
            width: config.hidden,
            maxRows: maxRows,
            communicator: communicator,
            pool: pool
        )
        mlpReduce = TreeAllReduce(
            tree: plan.mlpTree,
            leaves: plan.shards.map(\.mlpLeaves),
            width: config.hidden,
            maxRows: maxRows,
            communicator: communicator,
            pool: pool
        )
        hidden = FloatBuffer(count: maxRows * config.hidden)
        normed = FloatBuffer(count: maxRows * config.hidden)
        projected = FloatBuffer(count: maxRows * Self.projectedWidth(config, shard))
        context = FloatBuffer(count: maxRows * shard.queryHeads.count * config.headDim)
        logits = FloatBuffer(count: options.maxLogitsRows * shard.vocabularyRows.count)
    }

    /// The first `count` rows of a work area, taken as `width` wide.
    func rows(_ buffer: FloatBuffer, count: Int, width: Int) -> Rows {
        precondition(count * width <= buffer.count, "[\(count), \(width)] in a work area of \(buffer.count)")
        return Rows(buffer.pointer, count: count, width: width)
    }

    private static func projectedWidth(_ config: ModelConfig.Decoder, _ shard: ShardPlan.Shard) -> Int {
        max((shard.queryHeads.count + 2 * shard.kvHeads.count) * config.headDim, 2 * shard.mlpRows.count)
    }

    /// Bytes of the work areas, without the cache: what `init` allocates.
    package static func workBytes(
        _ config: ModelConfig.Decoder,
        plan: ShardPlan,
        rank: Int,
        options: DecoderOptions
    ) -> Int {
        let shard = plan.shards[rank]
        let perRow = 2 * config.hidden + projectedWidth(config, shard) + shard.queryHeads.count * config.headDim
        return 4 * (options.maxRows * perRow + options.maxLogitsRows * shard.vocabularyRows.count)
            + TreeAllReduce.workBytes(
                tree: plan.attentionTree,
                leaves: plan.shards.map(\.queryHeads),
                width: config.hidden,
                rank: rank,
                maxRows: options.maxRows
            )
            + TreeAllReduce.workBytes(
                tree: plan.mlpTree,
                leaves: plan.shards.map(\.mlpLeaves),
                width: config.hidden,
                rank: rank,
                maxRows: options.maxRows
            )
    }

    /// Bytes of them that lie in memory which the decoder ranks of one host share: rows of embeddings, partial sums.
    package static func sharedBytes(
        _ config: ModelConfig.Decoder,
        plan: ShardPlan,
        rank: Int,
        options: DecoderOptions
    ) -> Int {
        guard plan.shards.count > 1 else { return 0 }
        let trees = [(plan.attentionTree, plan.shards.map(\.queryHeads)), (plan.mlpTree, plan.shards.map(\.mlpLeaves))]
        let embedding = plan.shards[rank].vocabularyRows.isEmpty ? 0 : options.maxRows * config.hidden * 4
        return trees.reduce(embedding) { sum, part in
            sum
                + TreeAllReduce.sharedBytes(
                    tree: part.0,
                    leaves: part.1,
                    width: config.hidden,
                    rank: rank,
                    maxRows: options.maxRows
                )
        }
    }
}
