package import Kernels

/// A linear layer whose output features are split over the decoder ranks (all → sharded).
///
/// Computes `y = x · Wᵀ`. Hugging Face stores `W` as `[out, in]`, so a rank keeps blocks of *rows* of the stored
/// matrix. Megatron-LM writes the same layer `Y = XA` with `A = Wᵀ` and splits the *columns* of `A`; the name comes
/// from there. Several stored matrices that share the input (q, k and v; gate and up) are one product.
///
/// | Tensor | Whole model     | On each rank       |
/// |--------|-----------------|--------------------|
/// | weight | `[out, in]`     | `[out/tp, in]`     |
/// | input  | `[tokens, in]`  | `[tokens, in]`     |
/// | output | `[tokens, out]` | `[tokens, out/tp]` |
///
/// ## Communication
/// None.
///
/// - SeeAlso: Shoeybi et al., *Megatron-LM*, arXiv:1909.08053, section 3.
package struct ColumnParallelLinear {
    /// One under the other: together the rows that `init` was asked for.
    package let weights: [PackedMatrix]
    /// Output features on this rank.
    package let outputs: Int

    /// Loads the given rows of each stored matrix.
    init(_ blocks: [(name: String, rows: Range<Int>)], _ loader: WeightLoader) throws {
        weights = try loader.rows(blocks)
        outputs = weights.reduce(0) { $0 + $1.rows }
    }

    /// - Parameters:
    ///   - x: `[tokens, in]`.
    ///   - y: `[tokens, out/tp]`.
    package func callAsFunction(_ x: Rows, into y: Rows, pool: ThreadPool) { Matmul.run(pool, weights, x, into: y) }

    var weightBytes: Int { weights.reduce(0) { $0 + $1.byteCount } }
}
