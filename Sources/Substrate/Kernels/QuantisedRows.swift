internal import CKernels

/// Activations `[count, width]` as a product by one quantised matrix takes them, in memory that somebody else owns.
///
/// As `ck_quant_x` lays them; what computes an activation may put it here a few columns at a time, out of the cache.
package struct QuantisedRows {
    package let count: Int
    package let width: Int
    let base: UnsafeMutablePointer<UInt8>
    private let quant: ck_quant

    /// For matrices of this format whose blocks cut no group.
    init(_ memory: UnsafeMutablePointer<Float>, count: Int, width: Int, quant: ck_quant) {
        (self.count, self.width, self.quant) = (count, width, quant)
        base = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt8.self)
    }

    /// `nil` where groups of 32 columns do not lie behind one another, as some block of the matrix ends inside of one.
    ///
    /// - Parameter memory: room for ``floats(_:for:)``.
    package init?(_ memory: UnsafeMutablePointer<Float>, count: Int, for w: PackedMatrix) {
        guard Self.areTaken(by: w) else { return nil }
        self.init(memory, count: count, width: w.columns, quant: w.quantised.quant)
    }

    private static func areTaken(by w: PackedMatrix) -> Bool {
        w.storage.isQuantised && (w.blockColumns % CK_GROUP_COLUMNS == 0 || w.blockColumns == w.columns)
    }

    /// Whether they are so many tokens as this matrix takes them.
    func fit(_ w: PackedMatrix, tokens: Int) -> Bool {
        Self.areTaken(by: w) && (count, width) == (tokens, w.columns) && quant == w.quantised.quant
    }

    /// What `count` tokens take.
    package static func floats(_ count: Int, for w: PackedMatrix) -> Int {
        let bytes = ck_quant_x_bytes(count, w.columns, w.blockColumns)
        return (bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride
    }

    /// Quantises `rows`, the columns from `firstColumn` on of the tokens of whole tiles; both ends are those of groups.
    func store(_ rows: Rows, tiles: Range<Int>, firstColumn: Int, _ kernels: KernelSet) {
        let end = firstColumn + rows.width
        precondition(
            firstColumn % CK_GROUP_COLUMNS == 0 && (end % CK_GROUP_COLUMNS == 0 || end == width),
            "quantise: columns \(firstColumn)..<\(end) of \(width) cut a group"
        )
        guard rows.width > 0 else { return }
        let groups = (width + CK_GROUP_COLUMNS - 1) / CK_GROUP_COLUMNS
        let first = ck_quant_tile_begin(count, tiles.lowerBound)
        for tile in tiles {
            let begin = ck_quant_tile_begin(count, tile), tokens = ck_quant_tile_begin(count, tile + 1) - begin
            let place = begin * groups + firstColumn / CK_GROUP_COLUMNS * tokens
            let (row, to) = (rows.row(begin - first), base + place * CK_QUANT_X_BYTES)
            ck_quant_tile_columns(kernels.table, quant, row, rows.stride, tokens, rows.width, to)
        }
    }
}
