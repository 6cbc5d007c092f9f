import Kernels

/// Full attention over the patches of one tile, added to the hidden states.
///
/// x += proj(concat over heads of softmax(q kᵀ / √headDim) v), [q | k | v] = qkv(x'), each [heads, headDim].
/// x and x', the normed x, are [patches, hidden]; heads · headDim = hidden. Hugging Face: `SAILViTAttention`.
struct VisionAttention: Sendable {
    let qkv, projection: VisionLinear

    func callAsFunction(_ normed: PackedRows, work: VisionWorkspace) {
        let (all, hidden) = (work.queriesKeysValues, work.hidden.width)
        qkv(normed, on: work.pool) { y, block in RowOperations.copy(y, to: all[block.tokens, block.outputs]) }
        work.attention.run(
            work.pool,
            q: all.columns(0..<hidden),
            k: all.columns(hidden..<2 * hidden),
            v: all.columns(2 * hidden..<3 * hidden),
            into: work.attended
        )
        projection(work.attended, on: work.pool) { y, block in
            RowOperations.add(y, to: work.hidden[block.tokens, block.outputs])
        }
    }
}
