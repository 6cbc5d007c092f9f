internal import CKernels

/// Activations `[count, width]` in the order in which products read them, in memory that somebody else owns.
///
/// Tiles of as many tokens as the set of kernels has registers for, each `[width][tokens of the tile]`, as `ck_pack_tile`
/// lays them. What computes an activation writes it here at once, so that no product begins with a pass over memory.
package struct PackedRows {
    let base: UnsafeMutablePointer<Float>
    package let count: Int
    package let width: Int
    let kernels: KernelSet

    package init(_ base: UnsafeMutablePointer<Float>, count: Int, width: Int, kernels: KernelSet = .active) {
        precondition(count >= 1 && width >= 1, "packed rows: [\(count), \(width)]")
        self.base = base
        self.count = count
        self.width = width
        self.kernels = kernels
    }

    var tiles: Int { ck_tile_count(kernels.table, count) }

    /// The tokens of a range of tiles.
    func tokens(_ tiles: Range<Int>) -> Range<Int> {
        ck_tile_begin(kernels.table, count, tiles.lowerBound)..<ck_tile_begin(kernels.table, count, tiles.upperBound)
    }

    /// Puts `rows`, the columns from `firstColumn` on of whole tiles, in their places.
    func store(_ rows: Rows, tiles: Range<Int>, firstColumn: Int = 0) {
        let tokens = tokens(tiles)
        precondition(rows.count == tokens.count && firstColumn + rows.width <= width, "pack: \(rows.width) of \(width)")
        for tile in tiles {
            let part = self.tokens(tile..<tile + 1)
            let place = part.lowerBound * width + firstColumn * part.count
            let source = rows.row(part.lowerBound - tokens.lowerBound)
            ck_vision_pack_tile(source, rows.stride, part.count, rows.width, base + place)
        }
    }

    /// Floats of each thread's work area that `fill` needs.
    package static func scratchCount(width: Int) -> Int { Int(CK_TILE_TOKENS) * width }

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
