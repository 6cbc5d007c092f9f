import Kernels

/// Full attention over the patches of one tile, head by head, added to the hidden states.
///
/// x += proj(concat over heads of softmax(q kᵀ / √headDim) v), [q | k | v] = qkv(x'), each [heads, headDim].
/// x and x', the normed x, are [patches, hidden]; heads · headDim = hidden. Hugging Face: `SAILViTAttention`.
struct VisionAttention: Sendable {
    let qkv, projection: VisionLinear
    let heads, headDim: Int

    /// Queries of one task, whose scores [queries, patches] are its scratch.
    private static let queriesPerBlock = 256

    static func scratchCount(patches: Int) -> Int { min(queriesPerBlock, patches) * patches }

    func callAsFunction(_ normed: Rows, work: VisionWorkspace) {
        qkv(normed, into: work.queriesKeysValues, on: work.workers)
        let patches = normed.count
        let queryBlocks = patches.dividedRoundingUp(by: Self.queriesPerBlock)
        work.workers.forEach(heads * queryBlocks) { task, scratch in
            let (head, first) = (task / queryBlocks, task % queryBlocks * Self.queriesPerBlock)
            let queries = first..<min(first + Self.queriesPerBlock, patches)
            attend(head, queries, work, scores: Rows(scratch, count: queries.count, width: patches))
        }
        projection(work.attended, into: work.hidden, .add, on: work.workers)
    }

    /// The attention of one head for these queries, on the calling thread.
    private func attend(_ head: Int, _ queries: Range<Int>, _ work: VisionWorkspace, scores: Rows) {
        let hidden = heads * headDim
        let first = head * headDim
        let q = work.queriesKeysValues.rows(queries).columns(first..<first + headDim)
        let k = work.queriesKeysValues.columns(hidden + first..<hidden + first + headDim)
        let v = work.queriesKeysValues.columns(2 * hidden + first..<2 * hidden + first + headDim)
        BLAS.multiplyTransposed(q.matrix, k.matrix, alpha: 1 / Float(headDim).squareRoot(), into: scores)
        VisionRows.softmax(scores)
        BLAS.multiply(scores.matrix, v.matrix, into: work.attended[queries, first..<first + headDim])
    }
}
