package import Checkpoints
package import Kernels
internal import Tensors

/// A linear layer whose output features are split over the decoder ranks (all → sharded).
///
/// Computes `y = x · Wᵀ`. Hugging Face stores `W` as `[out, in]`, so a rank keeps blocks of *rows* of the stored
/// matrix. Megatron-LM writes the same layer `Y = XA` with `A = Wᵀ` and splits the *columns* of `A`; the name comes
/// from there. Several stored matrices that share the input (q, k and v; gate and up) are held as one.
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
    package let weight: PackedMatrix
    /// One chain over all columns; made once, so that a step allocates nothing.
    private let tree: SumTree

    /// Loads the given rows of each stored matrix, one block under the other.
    package init(_ blocks: [(tensor: TensorView, rows: Range<Int>)], pool: ThreadPool) {
        let rows = blocks.reduce(0) { $0 + $1.rows.count }
        let first = blocks[0].tensor
        weight = PackedMatrix(
            rows: rows,
            columns: first.rowElements,
            storage: PackedMatrix.Storage(Self.commonType(blocks.map(\.tensor)))
        )
        tree = .single(columns: first.rowElements)
        var start = 0
        for block in blocks {
            weight.load(block.tensor, rows: block.rows, columns: 0..<block.tensor.rowElements, at: start, pool: pool)
            start += block.rows.count
        }
    }

    /// - Parameters:
    ///   - x: `[tokens, in]`.
    ///   - y: `[tokens, out/tp]`.
    package func callAsFunction(_ x: Rows, into y: Rows, pool: ThreadPool) {
        Matmul.run(pool, weight, x, tree: tree, into: y)
    }

    /// The type in which matrices stored side by side are held: their own, or float32 when they differ.
    static func commonType(_ tensors: [TensorView]) -> ElementType {
        let types = Set(tensors.map(\.elementType))
        return types.count == 1 ? tensors[0].elementType : .float32
    }
}
