internal import Communication
internal import Kernels

/// How the ranks' partial sums meet: through memory that they share, in messages, or both.
///
/// The same bits each way. One sum at a time: `destination`, `begin`, `finish`.
protocol PartialExchange: AnyObject {
    /// The place for this rank's product of `rows` rows: row `t`'s partial `p` is at `t · stride + p · width`.
    func destination(rows: Int) -> Rows

    /// Lets this rank's product go. Collective.
    func begin(rows: Int) throws(MPIError)

    /// Moves on what travels, beside other work of the calling thread's.
    func poll() throws(MPIError)

    /// Adds the sum of all ranks' products to `residual`, `[rows, width]`. Collective.
    func finish(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError)
}
