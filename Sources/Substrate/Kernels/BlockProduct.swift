internal import CKernels

/// A part of one or several products `x · wᵀ`, computed by one thread: some tokens, at most 64 outputs.
///
/// What becomes of the numbers (a bias, a residual, a gate, the next product's input) happens while they are in the
/// first cache. The bits are those of `Matmul`, whatever the blocks, the threads and the instruction set.
package struct BlockProduct {
    /// The tokens, whole tiles of them.
    package let tokens: Range<Int>
    package let outputs: Range<Int>

    fileprivate let x: PackedRows
    fileprivate let tiles, panels: Range<Int>
    fileprivate let scratch: UnsafeMutablePointer<Float>

    /// Computes and finishes every block of `x · wᵀ`, `outputs` rows of w, on all threads of `pool` and its helpers.
    ///
    /// - Parameters:
    ///   - results: how many results a block holds at once, see `callAsFunction`.
    ///   - compute: writes nothing but the results of the block; see ``ThreadPool/share(_:floats:compute:finish:)``.
    ///   - finish: puts them in their place.
    package static func forEach(
        _ x: PackedRows,
        outputs: Int,
        results: Int = 1,
        on pool: ThreadPool,
        compute: @escaping (BlockProduct) -> Void,
        finish: (BlockProduct) -> Void
    ) {
        let grid = BlockGrid(tiles: x.tiles, outputs: outputs)
        pool.share(grid.count, floats: scratchCount(results: results)) { index, area in
            compute(BlockProduct(x, outputs, grid[index], area))
        } finish: { index, area in
            finish(BlockProduct(x, outputs, grid[index], area))
        }
    }

    private init(
        _ x: PackedRows,
        _ outputs: Int,
        _ part: (tiles: Range<Int>, panels: Range<Int>),
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        tokens = x.tokens(part.tiles)
        let end = min(part.panels.upperBound * BlockGrid.panelRows, outputs)
        self.outputs = part.panels.lowerBound * BlockGrid.panelRows..<end
        (self.x, tiles, panels, self.scratch) = (x, part.tiles, part.panels, scratch)
    }

    /// Floats of each thread's work area.
    package static func scratchCount(results: Int) -> Int { BlockGrid.workFloats + results * BlockGrid.blockFloats }

    /// `x · wᵀ` of this block, `[tokens, outputs]`, in the work area `result` of the thread until it is used again.
    package func callAsFunction(_ w: PackedMatrix, result: Int = 0) -> Rows {
        precondition(w.columns == x.width, "product: \(x.width) columns by [\(w.rows), \(w.columns)]")
        precondition(outputs.upperBound <= w.rows, "product: outputs \(outputs) of \(w.rows)")
        precondition(x.element.multiplies(by: w.storage), "product: \(x.element) by \(w.storage)")
        let target = self.result(result)
        // Both count tokens and outputs from the first of all.
        let first = target.base - tokens.lowerBound * target.stride - outputs.lowerBound
        if x.element == .q8 { multiplyQuantised(w, first, target.stride) } else { multiply(w, first, target.stride) }
        return target
    }

    private func multiply(_ w: PackedMatrix, _ y: UnsafeMutablePointer<Float>, _ stride: Int) {
        SumTree.withUnsafeSingleTree(columns: x.width) { tree in
            withUnsafePointer(to: w.matrix) { matrix in
                ck_matmul(
                    x.kernels.table,
                    matrix,
                    panels.lowerBound,
                    panels.upperBound,
                    x.base,
                    x.count,
                    tiles.lowerBound,
                    tiles.upperBound,
                    tree,
                    y,
                    stride,
                    0,
                    scratch
                )
            }
        }
    }

    private func multiplyQuantised(_ w: PackedMatrix, _ y: UnsafeMutablePointer<Float>, _ stride: Int) {
        precondition(w.blockColumns == w.columns, "product: blocks of \(w.blockColumns) of \(w.columns) columns")
        SumTree.withUnsafeSingleTree(columns: x.width) { tree in
            withUnsafePointer(to: w.quantised) { matrix in
                ck_quant_matmul(
                    x.kernels.table,
                    matrix,
                    panels.lowerBound,
                    panels.upperBound,
                    UnsafeRawPointer(x.base).assumingMemoryBound(to: UInt8.self),
                    x.count,
                    tiles.lowerBound,
                    tiles.upperBound,
                    tree,
                    y,
                    stride,
                    0,
                    scratch
                )
            }
        }
    }

    /// What was computed of this block.
    package func result(_ result: Int = 0) -> Rows {
        let width = BlockGrid.panelsPerBlock * BlockGrid.panelRows
        let target = scratch + BlockGrid.workFloats + result * BlockGrid.blockFloats
        return Rows(target, count: tokens.count, width: outputs.count, stride: width)
    }

    /// Writes a result of this block into the columns from `firstColumn` on of a later product's input, for the same
    /// tokens.
    package func store(_ rows: Rows, into packed: PackedRows, firstColumn: Int) {
        precondition(packed.count == x.count, "pack: \(packed.count) tokens of \(x.count)")
        packed.store(rows, tiles: tiles, firstColumn: firstColumn)
    }
}

/// How a product is cut: blocks of equal numbers of tiles times four panels, from the shape alone.
struct BlockGrid {
    static let panelRows = Int(CK_PANEL_ROWS)
    static let panelsPerBlock = Int(CK_GROUP_PANELS)
    /// Floats of the largest block.
    static let blockFloats =
        panelsPerBlock * panelRows * Int(CK_BLOCK_TILES) * Int(CK_TILE_TOKENS)
    /// Floats that ck_matmul or ck_quant_matmul works with: the sums of a block, and weights that they widen.
    static let workFloats = max(
        blockFloats + Int(CK_WIDE_FLOATS),
        SumTree.withUnsafeSingleTree(columns: 1) { tree in
            ck_quant_scratch(tree, Int(CK_QUANT_TILE_TOKENS) * Int(CK_BLOCK_TILES))
        }
    )

    private let tiles, tilesPerBlock, panels, panelBlocks: Int
    let count: Int

    init(tiles: Int, outputs: Int) {
        self.tiles = tiles
        let blocks = (tiles + Int(CK_BLOCK_TILES) - 1) / Int(CK_BLOCK_TILES)
        tilesPerBlock = (tiles + blocks - 1) / blocks
        panels = (outputs + Self.panelRows - 1) / Self.panelRows
        panelBlocks = (panels + Self.panelsPerBlock - 1) / Self.panelsPerBlock
        count = panelBlocks * ((tiles + tilesPerBlock - 1) / tilesPerBlock)
    }

    /// The panels of one block of tiles follow one another, so that its x is used again while it is cached.
    subscript(index: Int) -> (tiles: Range<Int>, panels: Range<Int>) {
        let (tile, panel) = (index / panelBlocks * tilesPerBlock, index % panelBlocks * Self.panelsPerBlock)
        return (tile..<min(tile + tilesPerBlock, tiles), panel..<min(panel + Self.panelsPerBlock, panels))
    }
}
