package import Communication
package import Kernels
package import Sharding
internal import Tensors

/// Sums the ranks' shares of a row-parallel product along the model's fixed tree, the same bits for any rank count.
///
/// Each rank's product comes as its partials: the whole nodes of the tree inside the leaves that it owns.
/// Few rows: everyone gathers all partials and adds them up. Many rows: each rank adds up a slice of the rows,
/// then the sums are gathered.
///
/// | Tensor   | On each rank                                   |
/// |----------|------------------------------------------------|
/// | product  | `[rows, partials of the rank, width]`          |
/// | residual | `[rows, width]`, the same on every rank after  |
///
/// ## Communication
/// One all-gather of `rows · partials · width` floats, or an all-to-all of as many and an all-gather of `rows · width`;
/// none in a group of one.
package final class TreeAllReduce {
    /// How this rank adds up its own leaves.
    package let ownProgram: ReductionTree.Program
    private let width: Int
    private let communicator: any Communicator
    private let pool: ThreadPool
    private let merges: [Int32]
    private let partialsOfRank: [Int]
    private let partialCount: Int
    private let gathered: FloatBuffer
    private let received: FloatBuffer?
    private let summed: FloatBuffer
    private var layout: BlockLayout
    private var receivedLayout: BlockLayout
    /// All-reduces so far, and the bytes that this rank sent for them.
    package private(set) var calls = 0
    package private(set) var bytesSent = 0

    /// From this many bytes of partials on, each rank adds up a slice only.
    private static let slicedFromBytes = 256 << 10

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
        let programs = leaves.map { tree.program(overLeaves: $0) }
        let nodes = programs.flatMap(\.partials)
        let whole = tree.program(over: nodes)
        precondition(whole.partials == [0..<tree.leafCount], "the ranks' leaves \(leaves) do not make up the tree")
        ownProgram = programs[communicator.rank]
        merges = whole.merges.map(Int32.init)
        partialsOfRank = programs.map(\.partials.count)
        partialCount = nodes.count
        self.width = width
        self.communicator = communicator
        self.pool = pool
        gathered = FloatBuffer(count: maxRows * nodes.count * width)
        let sliceRows = maxRows / communicator.size + 1
        received = communicator.size > 1 ? FloatBuffer(count: sliceRows * nodes.count * width) : nil
        summed = FloatBuffer(count: maxRows * width)
        layout = BlockLayout(counts: Array(repeating: 0, count: communicator.size))
        receivedLayout = layout
    }

    /// Bytes of the work areas for the given shapes; what `init` allocates.
    package static func workBytes(tree: ReductionTree, leaves: [Range<Int>], width: Int, maxRows: Int) -> Int {
        let partials = leaves.reduce(0) { $0 + tree.program(overLeaves: $1).partials.count }
        let received = leaves.count > 1 ? (maxRows / leaves.count + 1) * partials * width : 0
        return 4 * (maxRows * partials * width + received + maxRows * width)
    }

    /// Bytes that `rank` sends in one all-reduce of `rows` rows.
    package static func bytesSent(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        rank: Int,
        rows: Int
    ) -> Int {
        let partials = leaves.map { tree.program(overLeaves: $0).partials.count }
        let size = leaves.count
        guard isSliced(rows: rows, partials: partials.reduce(0, +), width: width, ranks: size) else {
            return rows * partials[rank] * width * 4 * (size - 1)
        }
        let slice = sliceRows(rank, of: rows, ranks: size).count
        return ((rows - slice) * partials[rank] + slice * (size - 1)) * width * 4
    }

    /// The place for this rank's product of `rows` rows.
    ///
    /// Row `t`'s partial `p` is at `t · stride + p · width`.
    package func destination(rows: Int) -> Rows {
        let before = partialsOfRank[..<communicator.rank].reduce(0, +)
        let own = partialsOfRank[communicator.rank]
        return Rows(gathered.pointer + rows * before * width, count: rows, width: width, stride: max(own, 1) * width)
    }

    /// Adds the sum of all ranks' products to `residual`, `[rows, width]`.
    ///
    /// Collective: every rank of the group must call it.
    package func reduce(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        calls += 1
        if communicator.size == 1 {
            add(gathered.pointer, to: residual, rows: rows)
            return
        }
        if Self.isSliced(rows: rows, partials: partialCount, width: width, ranks: communicator.size) {
            try reduceBySlices(rows)
        } else {
            layout.update { rows * partialsOfRank[$0] * width }
            bytesSent += Int(layout.counts[communicator.rank]) * 4 * (communicator.size - 1)
            try communicator.allGather(gathered.pointer, layout)
            combine(rows: rows, from: gathered.pointer, rowsInBlock: rows, into: summed.pointer)
        }
        add(summed.pointer, to: residual, rows: rows)
    }

    private func add(_ sums: UnsafeMutablePointer<Float>, to residual: UnsafeMutablePointer<Float>, rows: Int) {
        Residual.add(pool, Rows(sums, count: rows, width: width), to: Rows(residual, count: rows, width: width))
    }

    private func reduceBySlices(_ rows: Int) throws(MPIError) {
        guard let received else { return }
        let own = partialsOfRank[communicator.rank]
        let slice = sliceRows(communicator.rank, of: rows)
        layout.update { sliceRows($0, of: rows).count * own * width }
        receivedLayout.update { slice.count * partialsOfRank[$0] * width }
        bytesSent += (layout.total - Int(layout.counts[communicator.rank])) * 4
        try communicator.exchange(destination(rows: rows).base, layout, into: received.pointer, receivedLayout)
        let sums = summed.pointer + slice.lowerBound * width
        combine(rows: slice.count, from: received.pointer, rowsInBlock: slice.count, into: sums)
        layout.update { sliceRows($0, of: rows).count * width }
        bytesSent += Int(layout.counts[communicator.rank]) * 4 * (communicator.size - 1)
        try communicator.allGather(summed.pointer, layout)
    }

    private func sliceRows(_ rank: Int, of rows: Int) -> Range<Int> {
        Self.sliceRows(rank, of: rows, ranks: communicator.size)
    }

    private static func sliceRows(_ rank: Int, of rows: Int, ranks: Int) -> Range<Int> {
        (rows * rank / ranks)..<(rows * (rank + 1) / ranks)
    }

    private static func isSliced(rows: Int, partials: Int, width: Int, ranks: Int) -> Bool {
        rows * partials * width * 4 >= slicedFromBytes && rows >= ranks
    }

    /// Runs the tree over blocks that lie rank after rank, each `[rowsInBlock, partials of the rank, width]`.
    private func combine(
        rows: Int,
        from blocks: UnsafePointer<Float>,
        rowsInBlock: Int,
        into sums: UnsafeMutablePointer<Float>
    ) {
        pool.run(rows) { row in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: partialCount) { pointers in
                var block = blocks
                var index = 0
                for count in partialsOfRank {
                    for partial in 0..<count {
                        pointers[index] = block + (row * count + partial) * width
                        index += 1
                    }
                    block += rowsInBlock * count * width
                }
                TreeCombine.row(pointers, merges: merges, into: sums + row * width, width: width)
            }
        }
    }
}
