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
    /// How the decoder ranks reach each other.
    package let fabric: RankFabric
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
    /// What the layers must know of a step's blocks; filled anew by each, so that a step allocates little.
    var positions: [[Int]] = [[], []]
    var runs: [[SequenceRun]] = [[], []]
    var isVisual: [Bool] = []
    /// Where what products multiply is added up; `nil` but while a checkpoint's scales are chosen.
    package var squares: ActivationSquares?

    package init(
        _ config: ModelConfig.Decoder,
        plan: ShardPlan,
        options: DecoderOptions,
        communicator: any Communicator,
        pool: ThreadPool
    ) throws(MPIError) {
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
        // All that a step may ask for, so that none waits for cosines.
        rotary.prepare(positions: Self.positions(config, options), pool)
        fabric = try communicator.fabric()
        let reduce = { [fabric, maxRows] (tree: ReductionTree, leaves: (ShardPlan.Shard) -> Range<Int>) in
            if let rehearsal = options.rehearsal {
                return TreeAllReduce(
                    rehearsing: tree,
                    leaves: rehearsal.shards.map(leaves),
                    width: config.hidden,
                    maxRows: maxRows,
                    pool: pool,
                    wire: options.wireFormat
                )
            }
            return TreeAllReduce(
                tree: tree,
                leaves: plan.shards.map(leaves),
                width: config.hidden,
                maxRows: maxRows,
                fabric: fabric,
                pool: pool,
                wire: options.wireFormat
            )
        }
        attentionReduce = reduce(plan.attentionTree) { $0.queryHeads }
        mlpReduce = reduce(plan.mlpTree) { $0.mlpLeaves }
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

    /// Positions that tokens in the cache may have.
    static func positions(_ config: ModelConfig.Decoder, _ options: DecoderOptions) -> Int {
        min(config.maxPositions, options.pages * KVLayout.pageTokens)
    }

    static func projectedWidth(_ config: ModelConfig.Decoder, _ shard: ShardPlan.Shard) -> Int {
        max((shard.queryHeads.count + 2 * shard.kvHeads.count) * config.headDim, 2 * shard.mlpRows.count)
    }
}
