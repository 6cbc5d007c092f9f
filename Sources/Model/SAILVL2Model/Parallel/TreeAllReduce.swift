package import Communication
package import Kernels
package import Sharding

/// Sums the ranks' shares of a row-parallel product along the model's fixed tree, the same bits for any rank count.
///
/// Each rank's product comes as its partials: the whole nodes of the tree inside the leaves that it owns.
/// Few rows: everyone adds up all partials. Many rows: each rank adds up a slice of the rows, then the sums are
/// gathered.
///
/// | Tensor   | On each rank                                   |
/// |----------|------------------------------------------------|
/// | product  | `[rows, partials of the rank, width]`          |
/// | residual | `[rows, width]`, the same on every rank after  |
///
/// ## Communication
/// Every rank takes `rows · partials · width` floats of the others, or its slice of them and then `rows · width` sums:
/// out of shared memory when all ranks are on one host, else in messages. None in a group of one.
package final class TreeAllReduce {
    /// How this rank adds up its own leaves.
    package let ownProgram: ReductionTree.Program
    private let sums: PartialSums
    private let exchange: any PartialExchange
    private let rank: Int
    /// All-reduces so far, and the bytes of this rank that others took for them.
    package private(set) var calls = 0
    package private(set) var bytesSent = 0

    /// Collective: every rank of the group must make the same ones in the same order.
    ///
    /// - Parameters:
    ///   - leaves: the leaf range of every rank.
    ///   - width: floats of a row.
    ///   - maxRows: rows of a step at most.
    package init(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        maxRows: Int,
        communicator: any Communicator,
        pool: ThreadPool
    ) {
        ownProgram = tree.program(overLeaves: leaves[communicator.rank])
        rank = communicator.rank
        sums = PartialSums(tree: tree, leaves: leaves, width: width)
        exchange =
            SharedPartialExchange(sums, maxRows: maxRows, communicator: communicator, pool: pool)
            ?? MessagePartialExchange(sums, maxRows: maxRows, communicator: communicator, pool: pool)
    }

    /// Whether the ranks exchange through shared memory.
    package var isShared: Bool { exchange is SharedPartialExchange }

    /// Bytes of the work areas for the given shapes: what `init` allocates at most, whichever way the ranks exchange.
    package static func workBytes(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        rank: Int,
        maxRows: Int
    ) -> Int {
        let sums = PartialSums(tree: tree, leaves: leaves, width: width)
        let messages = MessagePartialExchange.workBytes(sums, maxRows: maxRows)
        return sums.ranks == 1
            ? messages : max(messages, SharedPartialExchange.workBytes(sums, rank: rank, maxRows: maxRows))
    }

    /// Bytes of `rank` that lie in memory which the ranks of one host share; part of ``workBytes``.
    static func sharedBytes(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        rank: Int,
        maxRows: Int
    ) -> Int {
        let sums = PartialSums(tree: tree, leaves: leaves, width: width)
        return sums.ranks == 1 ? 0 : SharedPartialExchange.workBytes(sums, rank: rank, maxRows: maxRows)
    }

    /// Bytes of `rank` that others take in one all-reduce of `rows` rows.
    package static func bytesSent(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        rank: Int,
        rows: Int
    ) -> Int {
        let sent = PartialSums(tree: tree, leaves: leaves, width: width).bytesSent(rank, rows: rows)
        return sent.partials + sent.sums
    }

    /// The place for this rank's product of `rows` rows.
    ///
    /// Row `t`'s partial `p` is at `t · stride + p · width`. To be asked for before every `reduce`.
    package func destination(rows: Int) -> Rows { exchange.destination(rows: rows) }

    /// Adds the sum of all ranks' products to `residual`, `[rows, width]`.
    ///
    /// Collective: every rank of the group must call it.
    package func reduce(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        calls += 1
        let sent = sums.bytesSent(rank, rows: rows)
        bytesSent += sent.partials + sent.sums
        try exchange.reduce(rows: rows, addingTo: residual)
    }
}
