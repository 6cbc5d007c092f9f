/// How a product's output is cut into blocks, each computed by one thread with one call of sgemm.
///
/// The cut depends on the shape alone, never on threads or ranks: that, and each call of BLAS being single-threaded,
/// makes the vision tower give the same bits whatever computes it.
struct BlockGrid {
    /// Rows and columns of a full block.
    ///
    /// Large enough that copying the operands into the order that sgemm wants is small beside the product; small
    /// enough that the narrowest product of a SAILViT-Huge, [1024, 1536], is 24 blocks for as many threads.
    static let rowsPerBlock = 256
    static let columnsPerBlock = 256

    private let rows, columns, rowBlocks: Int
    let count: Int

    init(rows: Int, columns: Int) {
        (self.rows, self.columns) = (rows, columns)
        rowBlocks = rows.dividedRoundingUp(by: Self.rowsPerBlock)
        count = rowBlocks * columns.dividedRoundingUp(by: Self.columnsPerBlock)
    }

    /// Blocks that follow each other share columns, so that a panel of weights is used again while it is cached.
    subscript(block: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let (row, column) = (block % rowBlocks * Self.rowsPerBlock, block / rowBlocks * Self.columnsPerBlock)
        return (row..<min(row + Self.rowsPerBlock, rows), column..<min(column + Self.columnsPerBlock, columns))
    }
}
