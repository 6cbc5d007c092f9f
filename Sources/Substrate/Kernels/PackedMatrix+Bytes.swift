internal import CKernels

extension PackedMatrix {
    /// Output rows of a panel; a part of a matrix that begins at a panel is a range of its bytes.
    package static let panelRows = Int(CK_PANEL_ROWS)

    /// What the matrix holds, as a file of it would.
    package func withBytes<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        try withExtendedLifetime(self) {
            let base = storage.isQuantised ? quantised.blocks : UnsafeRawPointer(matrix.panels)
            return try body(UnsafeRawBufferPointer(start: base, count: byteCount))
        }
    }

    /// Takes over `rows` of another quantised matrix as this matrix's first rows, bit for bit, wherever they begin.
    package func copyRows(_ rows: Range<Int>, of other: PackedMatrix) {
        precondition(isWritable && storage.isQuantised && other.storage == storage, "\(other.storage) into \(storage)")
        precondition(other.columns == columns && other.blockColumns == blockColumns, "copyRows: other blocks")
        precondition(rows.lowerBound >= 0 && rows.upperBound <= other.rows && rows.count <= self.rows, "rows \(rows)")
        withUnsafePointer(to: other.quantised) { from in
            withUnsafePointer(to: quantised) { ck_quant_copy_rows(from, rows.lowerBound, rows.upperBound, $0) }
        }
    }
}
