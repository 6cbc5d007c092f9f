internal import CKernels

/// Activations `[count, width]` as a product by one quantised matrix takes them, in memory that somebody else owns.
///
/// As `ck_quant_x` lays them; what computes an activation may put it here a few columns at a time, out of the cache.
package struct QuantisedRows {
    package let count: Int
    package let width: Int
    let base: UnsafeMutablePointer<UInt8>
    private let offset: Int32

    /// `nil` where groups of 32 columns do not lie behind one another, as some block of the matrix ends inside of one.
    ///
    /// - Parameter memory: room for ``floats(_:for:)``.
    package init?(_ memory: UnsafeMutablePointer<Float>, count: Int, for w: PackedMatrix) {
        guard w.storage.isQuantised, w.blockColumns % CK_GROUP_COLUMNS == 0 || w.blockColumns == w.columns else {
            return nil
        }
        (self.count, width) = (count, w.columns)
        base = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt8.self)
        offset = ck_quant_offset(w.quantised.quant)
    }

    /// Whether they are so many tokens as this matrix takes them.
    func fit(_ w: PackedMatrix, tokens: Int) -> Bool {
        guard let fitting = Self(UnsafeMutablePointer(OpaquePointer(base)), count: tokens, for: w) else { return false }
        return (count, width, offset) == (fitting.count, fitting.width, fitting.offset)
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
        let quantise = kernels.table.pointee.quant_x
        let groups = (width + CK_GROUP_COLUMNS - 1) / CK_GROUP_COLUMNS
        let first = ck_quant_tile_begin(count, tiles.lowerBound)
        for tile in tiles {
            let tokens = ck_quant_tile_begin(count, tile)..<ck_quant_tile_begin(count, tile + 1)
            let step = tokens.count * CK_QUANT_X_BYTES
            var to = base + tokens.lowerBound * groups * CK_QUANT_X_BYTES + firstColumn / CK_GROUP_COLUMNS * step
            for token in tokens {
                quantise(rows.row(token - first), rows.width, offset, to, step)
                to += CK_QUANT_X_BYTES
            }
        }
    }
}
