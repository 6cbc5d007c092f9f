internal import Checkpoints
internal import Communication
internal import Kernels
internal import Sharding

/// A block of a step's rows on its way through the layers, and what those must know of it.
///
/// A step is one block. Between hosts, many rows are two: the sum of one travels while the other is computed.
struct ForwardPass {
    let workspace: DecoderWorkspace
    /// Its place among the blocks, and its slot in the all-reduces.
    let slot: Int
    /// The residual stream, `[rows of the block, hidden]`, the same on every rank of the group.
    let hidden: Rows
    /// The absolute position of each row.
    let positions: [Int]
    /// The parts of sequences, with the block's rows at which they begin.
    let runs: [SequenceRun]
}

/// One Qwen3 decoder block.
///
/// ```
/// h ← h + Attention(RMSNorm(h))
/// h ← h + SwiGLU(RMSNorm(h))
/// ```
///
/// ## Communication
/// Two all-reduces of `[tokens, hidden]`: one ends the attention, one ends the MLP.
///
/// - SeeAlso: `Qwen3DecoderLayer` in Hugging Face `transformers/models/qwen3/modeling_qwen3.py`.
struct Qwen3DecoderLayer {
    let inputNorm: [Float]
    let attention: Qwen3Attention
    let postAttentionNorm: [Float]
    let mlp: Qwen3MLP
    let epsilon: Float

    init(_ loader: WeightLoader, layer: Int, plan: ShardPlan, rank: Int, workspace: DecoderWorkspace) throws {
        let checkpoint = loader.checkpoint
        let names = TensorNames.layer(layer)
        epsilon = checkpoint.config.decoder.rmsNormEpsilon
        inputNorm = checkpoint.required(names.inputNorm).floats()
        attention = try Qwen3Attention(
            loader,
            layer: layer,
            shard: plan.shards[rank],
            reduce: workspace.attentionReduce
        )
        postAttentionNorm = checkpoint.required(names.postAttentionNorm).floats()
        mlp = try Qwen3MLP(loader, layer: layer, plan: plan, rank: rank, reduce: workspace.mlpReduce)
    }

    /// Adds what the layer before has begun, if there is one, and begins the attention's contribution.
    func attend(_ pass: ForwardPass, isFirst: Bool) throws(MPIError) {
        let work = pass.workspace
        if !isFirst { try work.mlpReduce.finish(pass) }
        try attention.begin(normed(pass), from: norm(pass, inputNorm), pass)
    }

    /// Adds the attention's contribution, and begins the MLP's.
    func feedForward(_ pass: ForwardPass) throws(MPIError) {
        try pass.workspace.attentionReduce.finish(pass)
        try mlp.begin(normed(pass), from: norm(pass, postAttentionNorm), pass)
    }

    private func normed(_ pass: ForwardPass) -> Rows {
        let work = pass.workspace
        return work.rows(work.normed, count: pass.hidden.count, width: pass.hidden.width)
    }

    private func norm(_ pass: ForwardPass, _ weight: [Float]) -> RowSource {
        .rmsNorm(of: pass.hidden, weight: weight, epsilon: epsilon)
    }

    /// The matrices of its products, in the order in which they are read.
    var products: [[PackedMatrix]] {
        let lists = [
            attention.qkvProjection.weights, [attention.outputProjection.weight].compactMap(\.self),
            mlp.gateUpProjection?.weights ?? [], [mlp.downProjection.weight].compactMap(\.self),
        ]
        return lists.filter { !$0.isEmpty }
    }

    var weightBytes: Int {
        let norms = inputNorm.count + postAttentionNorm.count + attention.queryNorm.count + attention.keyNorm.count
        return attention.weightBytes + mlp.weightBytes + 4 * norms
    }
}

extension TreeAllReduce {
    /// Adds the sum to a block's residual stream.
    func finish(_ pass: ForwardPass) throws(MPIError) {
        try finish(rows: pass.hidden.count, slot: pass.slot, addingTo: pass.hidden.base)
    }
}
