internal import Communication
internal import Kernels

/// How the ranks' partial sums meet: through memory that they share, or in messages.
///
/// The same bits either way.
protocol PartialExchange: AnyObject {
    /// The place for this rank's product of `rows` rows: row `t`'s partial `p` is at `t · stride + p · width`.
    func destination(rows: Int) -> Rows

    /// Adds the sum of all ranks' products to `residual`, `[rows, width]`. Collective.
    func reduce(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError)
}
