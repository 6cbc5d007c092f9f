package import Communication
package import Kernels
internal import Sharding

/// A linear layer whose input features are split over the decoder ranks (sharded → all).
///
/// Computes `residual += x · Wᵀ`, each leaf block of the columns in its own chain, added up along the sum tree.
///
/// | Tensor   | Whole model     | On each rank      |
/// |----------|-----------------|-------------------|
/// | weight   | `[out, in]`     | `[out, in/tp]`    |
/// | input    | `[tokens, in]`  | `[tokens, in/tp]` |
/// | residual | `[tokens, out]` | `[tokens, out]`   |
///
/// ## Communication
/// One tree all-reduce of `[tokens, out]` in float32 per call.
package struct RowParallelLinear {
    /// `nil` on a rank that owns no column.
    package let weight: PackedMatrix?
    private let tree: SumTree?

    /// Loads the given columns of a stored matrix.
    ///
    /// - Parameters:
    ///   - columns: whole leaves of `leafColumns` columns, the last of which may be shorter.
    ///   - leafEnds: the end of each of the rank's leaves, counted from `columns.lowerBound`.
    init(
        _ name: String,
        columns: Range<Int>,
        leafColumns: Int,
        leafEnds: [Int],
        reduce: TreeAllReduce,
        _ loader: WeightLoader
    ) throws {
        guard !columns.isEmpty else {
            weight = nil
            tree = nil
            return
        }
        weight = try loader.columns(name, columns, leafColumns: leafColumns)
        tree = SumTree(leafEnds: leafEnds, merges: reduce.ownProgram.merges)
    }

    /// Computes this rank's part of the product, and lets it go: `reduce.finish` adds the sum to the residual stream.
    ///
    /// - Parameters:
    ///   - x: `[tokens, in/tp]`.
    ///   - source: what `x` is computed from, if it is not there yet.
    ///   - slot: of the all-reduce.
    package func begin(
        _ x: Rows,
        from source: RowSource = .stored,
        reducingOver reduce: TreeAllReduce,
        slot: Int,
        pool: ThreadPool
    ) throws(MPIError) {
        if let weight, let tree {
            let product = reduce.destination(rows: x.count, slot: slot)
            Matmul.run(pool, weight, x, from: source, tree: tree, into: product, partialStride: product.width)
        }
        try reduce.begin(rows: x.count, slot: slot)
    }
}
