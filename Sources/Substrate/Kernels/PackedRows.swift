internal import CKernels

/// Activations `[count, width]` in the order in which products read them, in memory that somebody else owns.
///
/// Tiles of as many tokens as the set of kernels has registers for, each column by column, as `ck_pack_x` lays them, or
/// group by group where they are quantised, as `ck_quant_x` does.
/// What computes an activation writes it here at once, so that no product begins with a pass over memory.
package struct PackedRows {
    /// What a product takes for an activation.
    package enum Element: Sendable {
        /// The number as it is.
        case float32
        /// The number rounded to bfloat16; two columns share a word where the set of kernels multiplies pairs.
        case bfloat16
        /// The number as an integer of eight bits; 32 columns share a scale.
        case q8

        /// Words of four bytes for `width` columns of a token.
        package func words(width: Int, kernels: KernelSet = .active) -> Int {
            guard self == .q8 else { return ck_x_words(kernels.table, code, width) }
            let groups = (width + columnsTogether - 1) / columnsTogether
            return groups * Int(CK_QUANT_X_BYTES) / MemoryLayout<Float>.stride
        }

        /// How the weights of such a product are kept, where the checkpoint has `stored` ones.
        package func storage(of stored: PackedMatrix.Storage) -> PackedMatrix.Storage {
            switch self {
            case .float32: stored
            case .bfloat16: .bfloat16Pairs
            case .q8: .q8
            }
        }

        /// Whether a product by weights that are kept like this takes such activations.
        func multiplies(by storage: PackedMatrix.Storage) -> Bool {
            switch self {
            case .float32: PackedMatrix.Storage.floats.contains(storage)
            case .bfloat16: storage == .bfloat16Pairs
            case .q8: storage == .q8
            }
        }

        /// Neighbouring columns that can be stored only together.
        var columnsTogether: Int { self == .q8 ? Int(CK_GROUP_COLUMNS) : 1 }

        /// A storage of weights that takes such activations, if they are floats.
        fileprivate var code: ck_storage { self == .bfloat16 ? CK_BFLOAT16_PAIRS : CK_FLOAT32 }
    }

    let base: UnsafeMutablePointer<Float>
    package let count: Int
    package let width: Int
    package let element: Element
    let kernels: KernelSet

    /// - Parameter base: `count` times the words of a token.
    package init(
        _ base: UnsafeMutablePointer<Float>,
        count: Int,
        width: Int,
        element: Element = .float32,
        kernels: KernelSet = .active
    ) {
        precondition(count >= 1 && width >= 1, "packed rows: [\(count), \(width)]")
        self.base = base
        self.count = count
        self.width = width
        self.element = element
        self.kernels = kernels
    }

    var tiles: Int { element == .q8 ? ck_quant_tile_count(count) : ck_tile_count(kernels.table, count) }

    /// The tokens of a range of tiles.
    func tokens(_ tiles: Range<Int>) -> Range<Int> { begin(tiles.lowerBound)..<begin(tiles.upperBound) }

    private func begin(_ tile: Int) -> Int {
        element == .q8 ? ck_quant_tile_begin(count, tile) : ck_tile_begin(kernels.table, count, tile)
    }

    /// Puts `rows`, the columns from `firstColumn` on of whole tiles, in their places.
    ///
    /// Neighbouring columns may be stored by two threads at once, even where they share a word; where they share a scale,
    /// whole groups alone.
    func store(_ rows: Rows, tiles: Range<Int>, firstColumn: Int = 0) {
        let tokens = tokens(tiles)
        precondition(rows.count == tokens.count && firstColumn + rows.width <= width, "pack: \(rows.width) of \(width)")
        if element == .q8 {
            let quantised = QuantisedRows(base, count: count, width: width, quant: CK_Q8)
            return quantised.store(rows, tiles: tiles, firstColumn: firstColumn, kernels)
        }
        for tile in tiles {
            let part = self.tokens(tile..<tile + 1)
            let source = rows.rows(part.lowerBound - tokens.lowerBound..<part.upperBound - tokens.lowerBound)
            store(source, firstColumn: firstColumn, tile: base + part.lowerBound * words(width))
        }
    }

    private func words(_ width: Int) -> Int { element.words(width: width, kernels: kernels) }

    /// Columns of the tile at `tile`; of a pair of which only one column is stored, that one's half alone.
    private func store(_ rows: Rows, firstColumn: Int, tile: UnsafeMutablePointer<Float>) {
        var columns = firstColumn..<firstColumn + rows.width
        func storeAlone(_ column: Int) {
            let source = rows.base + column - firstColumn
            ck_vision_pack_column(kernels.table, source, rows.stride, rows.count, column, tile)
        }
        if element == .bfloat16 {
            if let first = columns.first, first % 2 == 1 { storeAlone(columns.removeFirst()) }
            if let last = columns.last, last % 2 == 0, last + 1 < width { storeAlone(columns.removeLast()) }
        }
        guard !columns.isEmpty else { return }
        let source = rows.base + columns.lowerBound - firstColumn
        let place = tile + words(columns.lowerBound) * rows.count
        ck_pack_x(kernels.table, element.code, source, rows.stride, rows.count, columns.count, place)
    }

    /// Floats of each thread's work area that `fill` needs.
    package static func scratchCount(width: Int) -> Int { Int(CK_TILE_TOKENS) * width }

    /// Computes all rows on all threads and helpers, as ``fill(on:_:)`` does; what `body` reads must last.
    package func share(on pool: ThreadPool, _ body: @escaping (_ tokens: Range<Int>, _ rows: Rows) -> Void) {
        let packed = self
        func rows(_ tile: Int, _ area: UnsafeMutablePointer<Float>) -> Rows {
            Rows(area, count: packed.tokens(tile..<tile + 1).count, width: packed.width)
        }
        pool.share(tiles, floats: Self.scratchCount(width: width)) { tile, area in
            body(packed.tokens(tile..<tile + 1), rows(tile, area))
        } finish: { tile, area in
            store(rows(tile, area), tiles: tile..<tile + 1)
        }
    }

    /// Computes all rows on all threads: `body` writes `rows`, those of a few `tokens`, which are packed at once.
    package func fill(on pool: ThreadPool, _ body: (_ tokens: Range<Int>, _ rows: Rows) -> Void) {
        pool.reserveScratch(floatsPerThread: Self.scratchCount(width: width), shared: 0)
        pool.run(tiles) { tile, thread in
            let tokens = tokens(tile..<tile + 1)
            let rows = Rows(pool.scratch(of: thread), count: tokens.count, width: width)
            body(tokens, rows)
            store(rows, tiles: tile..<tile + 1)
        }
    }
}
