internal import Communication
internal import Kernels

/// Ranks that share no memory with anybody, or a group of one: each is a domain of its own.
///
/// ## Communication
/// That of `NetworkSum`.
final class NetworkPartialExchange: PartialExchange {
    private let sum: NetworkSum
    private let width: Int

    init(_ plan: ReducePlan, maxRows: Int, fabric: RankFabric, pool: ThreadPool) {
        sum = NetworkSum(plan, maxRows: maxRows, speakers: fabric.speakers, pool: pool)
        width = plan.width
    }

    func destination(rows: Int) -> Rows { sum.destination(rows: rows) }
    func begin(rows: Int) throws(MPIError) { try sum.begin(rows: rows) }
    func poll() throws(MPIError) { try sum.poll() }

    func finish(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        try sum.finish(into: Rows(residual, count: rows, width: width), adding: true)
    }
}
