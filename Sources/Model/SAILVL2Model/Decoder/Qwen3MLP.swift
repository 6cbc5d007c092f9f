internal import Checkpoints
internal import Communication
internal import Kernels
internal import Sharding

/// The gated feed-forward block, `h ← h + down(silu(gate(x)) ⊙ up(x))`; a rank owns whole leaf blocks of its rows.
///
/// ## Communication
/// One all-reduce of `[tokens, hidden]`.
///
/// - SeeAlso: `Qwen3MLP` in Hugging Face `transformers/models/qwen3/modeling_qwen3.py`.
struct Qwen3MLP {
    let layer: Int
    /// Gate over up; `nil` on a rank that owns no row.
    let gateUpProjection: ColumnParallelLinear?
    let downProjection: RowParallelLinear

    init(_ loader: WeightLoader, layer: Int, plan: ShardPlan, rank: Int, reduce: TreeAllReduce) throws {
        let names = TensorNames.layer(layer)
        let shard = plan.shards[rank]
        self.layer = layer
        let rows = shard.mlpRows
        gateUpProjection =
            rows.isEmpty
            ? nil : try ColumnParallelLinear([(names.gateProj, rows), (names.upProj, rows)], loader)
        downProjection = try RowParallelLinear(
            names.downProj,
            columns: rows,
            leafColumns: plan.mlpBlock,
            leafEnds: shard.mlpLeaves.map { min(($0 + 1) * plan.mlpBlock - rows.lowerBound, rows.count) },
            reduce: reduce,
            loader
        )
    }

    /// Begins what `workspace.mlpReduce` ends: the block's contribution to the residual stream.
    ///
    /// - Parameters:
    ///   - x: `[tokens, hidden]`, where the normed rows are put.
    ///   - norm: that of the residual stream.
    func begin(_ x: Rows, from norm: RowSource, _ pass: ForwardPass) throws(MPIError) {
        let work = pass.workspace
        var activated = work.rows(work.projected, count: x.count, width: 0)
        var activation = RowSource.stored
        if let gateUpProjection {
            // [tokens, intermediate/tp | intermediate/tp]
            let gateUp = work.rows(work.projected, count: x.count, width: gateUpProjection.outputs)
            // Who asks for squares reads the activations as well.
            let next = work.squares == nil ? downProjection.weight : nil
            (activated, activation) = gateUpProjection.gated(x, from: norm, into: gateUp, for: next, pool: work.pool)
            work.squares?.add(x, .feedForward(layer: layer), pool: work.pool)
        }
        let reduce = work.mlpReduce
        try downProjection.begin(activated, from: activation, reducingOver: reduce, slot: pass.slot, pool: work.pool)
        if activated.width > 0 { work.squares?.add(activated, .gated(layer: layer), pool: work.pool) }
    }

    var weightBytes: Int { (gateUpProjection?.weightBytes ?? 0) + (downProjection.weight?.byteCount ?? 0) }
}
