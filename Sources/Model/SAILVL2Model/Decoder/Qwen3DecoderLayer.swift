internal import Checkpoints
internal import Communication
internal import Kernels
internal import Sharding

/// What a layer needs to know about the forward pass that it takes part in.
struct ForwardPass {
    /// The absolute position of each row.
    let positions: [Int]
    let runs: [SequenceRun]
    let workspace: DecoderWorkspace
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

    /// Adds this block's contribution to the residual stream.
    ///
    /// - Parameter hidden: `[tokens, hidden]`, the same on every rank of the group, before and after.
    func callAsFunction(_ hidden: Rows, _ pass: ForwardPass) throws(MPIError) {
        let work = pass.workspace
        let normed = work.rows(work.normed, count: hidden.count, width: hidden.width)
        RMSNorm.run(work.pool, hidden, weight: inputNorm, epsilon: epsilon, into: normed)
        try attention(normed, addingTo: hidden.base, pass)
        RMSNorm.run(work.pool, hidden, weight: postAttentionNorm, epsilon: epsilon, into: normed)
        try mlp(normed, addingTo: hidden.base, pass)
    }

    var weightBytes: Int {
        let norms = inputNorm.count + postAttentionNorm.count + attention.queryNorm.count + attention.keyNorm.count
        return attention.weightBytes + mlp.weightBytes + 4 * norms
    }
}
