internal import Checkpoints
internal import Communication
internal import Kernels
internal import Sharding

/// Grouped-query attention with RMSNorm on every query and key head; a rank owns whole query heads.
///
/// ```
/// h ← h + O · attention(rope(norm(Q x)), rope(norm(K x)), V x)
/// ```
///
/// ## Communication
/// One all-reduce of `[tokens, hidden]`.
///
/// - SeeAlso: `Qwen3Attention` in Hugging Face `transformers/models/qwen3/modeling_qwen3.py`.
struct Qwen3Attention {
    let layer: Int
    let qkvProjection: ColumnParallelLinear
    let queryNorm: [Float]
    let keyNorm: [Float]
    let outputProjection: RowParallelLinear
    let attention: Attention
    let headDim: Int
    let epsilon: Float

    init(_ loader: WeightLoader, layer: Int, shard: ShardPlan.Shard, reduce: TreeAllReduce) throws {
        let checkpoint = loader.checkpoint
        let config = checkpoint.config.decoder
        let names = TensorNames.layer(layer)
        let dim = config.headDim
        let queryRows = (shard.queryHeads.lowerBound * dim)..<(shard.queryHeads.upperBound * dim)
        let keyRows = (shard.kvHeads.lowerBound * dim)..<(shard.kvHeads.upperBound * dim)
        self.layer = layer
        headDim = dim
        epsilon = config.rmsNormEpsilon
        qkvProjection = try ColumnParallelLinear(
            [(names.qProj, queryRows), (names.kProj, keyRows), (names.vProj, keyRows)],
            loader
        )
        queryNorm = checkpoint.required(names.qNorm).floats()
        keyNorm = checkpoint.required(names.kNorm).floats()
        outputProjection = try RowParallelLinear(
            names.oProj,
            columns: queryRows,
            // One leaf a query head.
            leafColumns: dim,
            leafEnds: (1...shard.queryHeads.count).map { $0 * dim },
            reduce: reduce,
            loader
        )
        let group = config.heads / config.kvHeads
        attention = Attention(
            queryHeads: shard.queryHeads.count,
            groupSize: group,
            headOffset: shard.queryHeads.lowerBound % group,
            // One over the square root of headDim, which Qwen3 configures on its own: it need not be hidden / heads.
            scale: 1 / Float(dim).squareRoot()
        )
    }

    /// Begins what `workspace.attentionReduce` ends: the block's contribution to the residual stream.
    ///
    /// - Parameters:
    ///   - x: `[tokens, hidden]`, where the normed rows are put.
    ///   - norm: that of the residual stream.
    func begin(_ x: Rows, from norm: RowSource, _ pass: ForwardPass) throws(MPIError) {
        let work = pass.workspace
        let pool = work.pool
        // qkv: [tokens, heads/tp · headDim | kvHeads/tp · headDim | kvHeads/tp · headDim]
        let qkv = work.rows(work.projected, count: x.count, width: qkvProjection.outputs)
        qkvProjection(x, from: norm, into: qkv, pool: pool)
        work.squares?.add(x, .attention(layer: layer), pool: pool)
        let queryWidth = attention.queryHeads * headDim
        let keyWidth = (qkv.width - queryWidth) / 2
        let q = qkv.columns(0..<queryWidth)
        let k = qkv.columns(queryWidth..<(queryWidth + keyWidth))
        let v = qkv.columns((queryWidth + keyWidth)..<qkv.width)
        RMSNorm.perHead(pool, q, headDim: headDim, weight: queryNorm, epsilon: epsilon)
        RMSNorm.perHead(pool, k, headDim: headDim, weight: keyNorm, epsilon: epsilon)
        work.rotary.rotate(pool, q, positions: pass.positions)
        work.rotary.rotate(pool, k, positions: pass.positions)
        Attention.append(pool, work.cache, layer: layer, runs: pass.runs, keys: k, values: v)
        // [tokens, heads/tp · headDim]
        let context = work.rows(work.context, count: x.count, width: queryWidth)
        attention.run(pool, work.cache, layer: layer, runs: pass.runs, q: q, into: context)
        work.squares?.add(context, .context(layer: layer), pool: pool)
        try outputProjection.begin(context, reducingOver: work.attentionReduce, slot: pass.slot, pool: pool)
    }

    var weightBytes: Int { qkvProjection.weightBytes + (outputProjection.weight?.byteCount ?? 0) }
}
