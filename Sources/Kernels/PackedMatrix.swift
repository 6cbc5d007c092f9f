internal import CKernels
package import Tensors

/// A weight matrix `[rows (outputs), columns (inputs)]` repacked for the kernels, as stored or widened.
///
/// Panels of 16 output rows, column after column, so that a SIMD lane is an output row: each output is one sequential
/// chain `acc = fmaf(w[r][k], x[k], acc)` over rising `k` from +0, and no lanes are ever added together. Rows are padded
/// with zeros to a multiple of 16. The memory is zeroed and comes with the first write, so each thread touches its own.
package final class PackedMatrix: @unchecked Sendable {
    // Safe because the weights are written by `pack` before the matrix is shared and only read afterwards.

    /// How the weights are kept; a quantised format is another case and another kernel file.
    package enum Storage: Sendable, CaseIterable {
        case float32, bfloat16, float16

        package init(_ type: ElementType) {
            switch type {
            case .float32: self = .float32
            case .bfloat16: self = .bfloat16
            case .float16: self = .float16
            }
        }

        var code: ck_storage {
            switch self {
            case .float32: CK_FLOAT32
            case .bfloat16: CK_BFLOAT16
            case .float16: CK_FLOAT16
            }
        }
        var elementBytes: Int { self == .float32 ? 4 : 2 }
    }

    package let rows: Int
    package let columns: Int
    package let storage: Storage
    package let panels: Int
    let matrix: ck_matrix
    private let memory: ScratchMemory

    package init(rows: Int, columns: Int, storage: Storage) {
        precondition(rows >= 1 && columns >= 1, "a matrix of [\(rows), \(columns)]")
        self.rows = rows
        self.columns = columns
        self.storage = storage
        panels = PackedMatrix.panelCount(rows: rows)
        memory = ScratchMemory(byteCount: PackedMatrix.byteCount(rows: rows, columns: columns, storage: storage))
        matrix = ck_matrix(
            storage: storage.code,
            rows: rows,
            columns: columns,
            panel_bytes: ck_panel_bytes(storage.code, columns),
            panels: memory.base
        )
    }

    /// Bytes that the matrix holds in memory, padding included.
    package var byteCount: Int { memory.byteCount }

    /// Bytes that a matrix of this shape will hold.
    package static func byteCount(rows: Int, columns: Int, storage: Storage) -> Int {
        panelCount(rows: rows) * ck_panel_bytes(storage.code, columns)
    }

    /// Repacks consecutive rows; a matrix may be filled by several calls (`q`, `k` and `v` as one product).
    ///
    /// - Parameters:
    ///   - source: Row `rows.lowerBound`'s first needed column, in the storage's element type; any alignment.
    ///   - rowStrideBytes: Bytes from one source row to the next, at least `columns` elements.
    ///   - rows: Where the rows go in this matrix; all columns are filled.
    package func pack(_ source: UnsafeRawPointer, rowStrideBytes: Int, rows range: Range<Int>, pool: ThreadPool) {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "pack: rows \(range) of \(rows)")
        precondition(rowStrideBytes >= columns * storage.elementBytes, "pack: a row stride of \(rowStrideBytes) bytes")
        guard !range.isEmpty else { return }
        let table = KernelSet.active.table
        let firstPanel = range.lowerBound / 16
        let endPanel = PackedMatrix.panelCount(rows: range.upperBound)
        withUnsafePointer(to: matrix) { matrix in
            pool.run(endPanel - firstPanel) { task in
                let panel = firstPanel + task
                let begin = max(range.lowerBound, panel * 16)
                let end = min(range.upperBound, (panel + 1) * 16)
                let row = source + (begin - range.lowerBound) * rowStrideBytes
                ck_matrix_pack(table, matrix, panel, begin, end, row, rowStrideBytes)
            }
        }
    }

    /// One row, unpacked and widened: `columns` numbers (the embedding of a token).
    package func row(_ index: Int, into out: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
        withUnsafePointer(to: matrix) { ck_matrix_row($0, index, out) }
    }

    private static func panelCount(rows: Int) -> Int { (rows + 15) / 16 }
}
