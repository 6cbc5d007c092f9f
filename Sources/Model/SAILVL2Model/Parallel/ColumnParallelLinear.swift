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
    ///   - source: what `x` is computed from, if it is not there yet.
    ///   - y: `[tokens, out/tp]`.
    package func callAsFunction(_ x: Rows, from source: RowSource = .stored, into y: Rows, pool: ThreadPool) {
        Matmul.run(pool, weights, x, from: source, into: y)
    }

    /// Two matrices of one size, one of which is the other's gate: `silu(x · Gᵀ) ⊙ (x · Uᵀ)`.
    ///
    /// - Parameters:
    ///   - y: `[tokens, out/tp]`, both products' room.
    ///   - next: that multiplies the activations, and all that reads them.
    /// - Returns: where the activations are, `[tokens, out/2tp]`, and what they are computed from.
    package func gated(
        _ x: Rows,
        from source: RowSource,
        into y: Rows,
        for next: PackedMatrix?,
        pool: ThreadPool
    ) -> (activated: Rows, source: RowSource) {
        let width = outputs / 2
        if let next, let quantised = QuantisedRows(y.base, count: x.count, for: next),
            QuantisedRows.floats(x.count, for: next) <= x.count * outputs,
            let product = GatedMatmul(weights, tokens: x.count, on: pool)
        {
            product.run(pool, x, from: source, into: quantised)
            return (y.columns(0..<width), .quantised(quantised))
        }
        self(x, from: source, into: y, pool: pool)
        let gate = y.columns(0..<width)
        return (gate, .swiGLU(gate: gate, up: y.columns(width..<outputs)))
    }

    var weightBytes: Int { weights.reduce(0) { $0 + $1.byteCount } }
}
