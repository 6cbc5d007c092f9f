internal import Communication
internal import Kernels
internal import Sharding

/// Whose partial sums make up a row-parallel product, in which order they are added, and who adds which rows.
///
/// Few rows are added up by every rank. Of many rows each rank adds up a slice, and the sums are gathered.
struct PartialSums {
    let merges: [Int32]
    /// Partials of each rank.
    let ofRank: [Int]
    let total: Int
    /// Floats of a row.
    let width: Int

    /// From this many bytes of partials on, each rank adds up a slice only.
    private static let slicedFromBytes = 256 << 10
    /// Numbers that one task should read, so that the hand-over is lost in the work.
    private static let floatsPerTask = 16_384

    init(tree: ReductionTree, leaves: [Range<Int>], width: Int) {
        let nodes = leaves.map { tree.program(overLeaves: $0).partials }
        let whole = tree.program(over: nodes.flatMap { $0 })
        precondition(whole.partials == [0..<tree.leafCount], "the ranks' leaves \(leaves) do not make up the tree")
        merges = whole.merges.map(Int32.init)
        ofRank = nodes.map(\.count)
        total = merges.count
        self.width = width
    }

    var ranks: Int { ofRank.count }

    func isSliced(rows: Int) -> Bool { rows * total * width * 4 >= Self.slicedFromBytes && rows >= ranks }

    /// The most rows up to `maxRows` that are not sliced.
    func mostUnslicedRows(upTo maxRows: Int) -> Int {
        min(maxRows, max(ranks - 1, (Self.slicedFromBytes - 1) / (total * width * 4)))
    }

    /// The rows that a rank adds up.
    func slice(_ rank: Int, of rows: Int) -> Range<Int> { (rows * rank / ranks)..<(rows * (rank + 1) / ranks) }

    /// Bytes of a rank's partials and of its sums that other ranks take, in one all-reduce of `rows` rows.
    func bytesSent(_ rank: Int, rows: Int) -> (partials: Int, sums: Int) {
        guard isSliced(rows: rows) else { return (rows * ofRank[rank] * width * 4 * (ranks - 1), 0) }
        let slice = slice(rank, of: rows).count
        return ((rows - slice) * ofRank[rank] * width * 4, slice * (ranks - 1) * width * 4)
    }

    /// Runs the tree over every row.
    ///
    /// - Parameters:
    ///   - blocks: each rank's partials, `[rows, partials of the rank, width]`.
    ///   - sums: `[rows, width]`; replaced, or with `adding` added to.
    func combine(
        _ pool: ThreadPool,
        rows: Int,
        _ blocks: UnsafeMutableBufferPointer<UnsafePointer<Float>>,
        into sums: UnsafeMutablePointer<Float>,
        adding: Bool
    ) {
        let columns = max(256, (Self.floatsPerTask / total + 255) / 256 * 256)
        let parts = (width + columns - 1) / columns
        pool.run(rows * parts) { task in
            let (row, part) = task.quotientAndRemainder(dividingBy: parts)
            let first = part * columns
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: total) { pointers in
                var index = 0
                for (rank, count) in ofRank.enumerated() {
                    for partial in 0..<count {
                        pointers[index] = blocks[rank] + (row * count + partial) * width + first
                        index += 1
                    }
                }
                TreeCombine.row(
                    pointers,
                    merges: merges,
                    into: sums + row * width + first,
                    width: min(columns, width - first),
                    adding: adding
                )
            }
        }
    }
}
