internal import CKernels

/// A weight matrix `[rows (outputs), columns (inputs)]` laid out for the kernels: as stored, widened, rounded or quantised.
///
/// Panels of 16 output rows, so that a SIMD lane is an output row: each output is one sequential chain over rising
/// columns from +0, and no lanes are ever added together. Rows are padded with zeros to a multiple of 16.
///
/// A quantised matrix is a file format too, the same for every instruction set: blocks of `blockColumns` columns, in a
/// block its panels, in a panel its groups of 32 columns with a scale for each row (`ck_quant.h` has the bytes). Whole
/// blocks are a contiguous range of bytes, and so are whole panels of a matrix of one block: a rank can map its share
/// of a file that was written for any number of ranks.
package final class PackedMatrix: @unchecked Sendable {
    // Safe because the weights are written by `pack` before the matrix is shared and only read afterwards.

    package let rows: Int
    package let columns: Int
    package let storage: Storage
    /// Columns of a block of a quantised matrix; all of them for other storages.
    package let blockColumns: Int
    package let panels: Int
    /// Bytes that the matrix holds in memory, padding included.
    package let byteCount: Int
    /// False if the memory is somebody else's.
    package let isWritable: Bool
    /// For a quantised matrix only the base is of use.
    let matrix: ck_matrix
    /// Nothing for other storages.
    let quantised: ck_quant_matrix
    private let owner: AnyObject
    /// What is read behind it, if somebody has said so (``foresee(_:threads:)``), before it is shared, as the weights.
    var ahead: WeightsAhead?

    /// Allocates memory, zeroed; pages come with the first write, so each thread touches its own.
    ///
    /// - Parameter blockColumns: Columns of a block of a quantised matrix (a leaf of a row-parallel product), the last
    ///   of which may be shorter; `nil` for one block. Other storages have no blocks.
    package convenience init(rows: Int, columns: Int, storage: Storage, blockColumns: Int? = nil) {
        let bytes = Self.byteCount(rows: rows, columns: columns, storage: storage, blockColumns: blockColumns)
        let memory = ScratchMemory(byteCount: bytes)
        self.init(
            rows: rows,
            columns: columns,
            storage: storage,
            blockColumns: blockColumns,
            base: memory.base,
            owner: memory,
            isWritable: true
        )
    }

    /// Uses memory in place, to be read only.
    ///
    /// - Parameters:
    ///   - mapped: ``byteCount(rows:columns:storage:blockColumns:)`` bytes as another matrix of this shape holds them,
    ///     for instance in a mapped file; best aligned to 64, which every size here is a multiple of.
    ///   - owner: Kept alive as long as the matrix.
    package convenience init(
        rows: Int,
        columns: Int,
        storage: Storage,
        blockColumns: Int? = nil,
        mapped: UnsafeRawPointer,
        owner: AnyObject
    ) {
        self.init(
            rows: rows,
            columns: columns,
            storage: storage,
            blockColumns: blockColumns,
            base: UnsafeMutableRawPointer(mutating: mapped),
            owner: owner,
            isWritable: false
        )
    }

    init(
        rows: Int,
        columns: Int,
        storage: Storage,
        blockColumns: Int?,
        base: UnsafeMutableRawPointer,
        owner: AnyObject,
        isWritable: Bool
    ) {
        let block = Self.blockColumns(blockColumns, rows: rows, columns: columns, storage: storage)
        self.rows = rows
        self.columns = columns
        self.storage = storage
        self.blockColumns = block
        self.isWritable = isWritable
        self.owner = owner
        panels = Self.panelCount(rows: rows)
        byteCount = Self.byteCount(rows: rows, columns: columns, storage: storage, blockColumns: blockColumns)
        let (float, quant) = (storage.floatCode, storage.quantCode)
        matrix = ck_matrix(
            storage: float ?? CK_FLOAT32,
            rows: rows,
            columns: columns,
            panel_bytes: float.map { ck_panel_bytes($0, columns) } ?? 0,
            panels: base
        )
        quantised = ck_quant_matrix(
            quant: quant ?? CK_Q8,
            rows: rows,
            columns: columns,
            block_columns: block,
            block_bytes: quant.map { ck_quant_block_bytes($0, rows, block) } ?? 0,
            blocks: UnsafeRawPointer(base)
        )
    }

    /// Bytes that a matrix of this shape holds, a multiple of 64.
    package static func byteCount(rows: Int, columns: Int, storage: Storage, blockColumns: Int? = nil) -> Int {
        let block = Self.blockColumns(blockColumns, rows: rows, columns: columns, storage: storage)
        if let quant = storage.quantCode { return ck_quant_bytes(quant, rows, columns, block) }
        return panelCount(rows: rows) * (storage.floatCode.map { ck_panel_bytes($0, columns) } ?? 0)
    }

    /// Bytes of one block of `columns` columns.
    package static func blockByteCount(rows: Int, columns: Int, storage: Storage) -> Int {
        byteCount(rows: rows, columns: columns, storage: storage)
    }

    /// One row, unpacked and widened: `columns` numbers (the embedding of a token).
    package func row(_ index: Int, into out: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
        if storage.isQuantised {
            withUnsafePointer(to: quantised) { ck_quant_row($0, index, out) }
        } else {
            withUnsafePointer(to: matrix) { ck_matrix_row($0, index, out) }
        }
    }

    /// Calls `body` with the packed bytes, for writing them to a file.
    package func withUnsafeBytes<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        try withExtendedLifetime(owner) {
            try body(UnsafeRawBufferPointer(start: matrix.panels, count: byteCount))
        }
    }

    static func panelCount(rows: Int) -> Int { (rows + 15) / 16 }

    private static func blockColumns(_ wanted: Int?, rows: Int, columns: Int, storage: Storage) -> Int {
        precondition(rows >= 1 && columns >= 1, "a matrix of [\(rows), \(columns)]")
        guard storage.isQuantised, let wanted else { return columns }
        precondition(wanted >= 1, "blocks of \(wanted) columns")
        return min(wanted, columns)
    }
}
