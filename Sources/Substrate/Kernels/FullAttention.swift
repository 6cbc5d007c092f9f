internal import CKernels

/// Attention of all tokens to all tokens, head by head: softmax(q kᵀ / √headDim) v.
///
/// Keys and values are packed as the weights of two products, [tokens, headDim] and [headDim, tokens], so that both run
/// in the register tiles of all products; a block of queries keeps its scores in the second-level cache. The bits depend
/// on neither threads nor instruction set.
package final class FullAttention {
    package let tokens, heads, headDim: Int
    private let memory: ScratchMemory
    private let keysTree, valuesTree: SumTree

    /// Tiles of queries of one task: 48 queries, whose scores are 192 KiB for 1024 tokens, twice.
    private static let tilesPerTask = 8

    package init(tokens: Int, heads: Int, headDim: Int) {
        (self.tokens, self.heads, self.headDim) = (tokens, heads, headDim)
        memory = ScratchMemory(byteCount: Self.byteCount(tokens: tokens, heads: heads, headDim: headDim))
        keysTree = .single(columns: headDim)
        valuesTree = .single(columns: tokens)
    }

    /// Bytes of the packed keys and values.
    package static func byteCount(tokens: Int, heads: Int, headDim: Int) -> Int {
        heads * (matrixBytes(tokens, headDim) + matrixBytes(headDim, tokens))
    }

    private static func matrixBytes(_ rows: Int, _ columns: Int) -> Int {
        PackedMatrix.byteCount(rows: rows, columns: columns, storage: .float32)
    }

    /// Floats of each thread's work area: sums, queries, outputs, divisors, and the scores in both orders.
    package static func scratchCount(tokens: Int, headDim: Int) -> Int {
        BlockGrid.workFloats + queriesPerTask * (2 * headDim + 1 + 2 * tokens)
    }

    private static var queriesPerTask: Int { tilesPerTask * Int(CK_TILE_TOKENS) }

    /// - Parameters:
    ///   - q, k, v: `[tokens, heads · headDim]` each.
    ///   - out: `[tokens, heads · headDim]`, the heads side by side.
    package func run(_ pool: ThreadPool, q: Rows, k: Rows, v: Rows, into out: PackedRows) {
        let width = heads * headDim
        precondition([q, k, v].allSatisfy { $0.count == tokens && $0.width == width }, "attention: \(width) columns")
        precondition(out.count == tokens && out.width == width, "attention into [\(out.count), \(out.width)]")
        pack(pool, k, v, out.kernels)
        let blocks = (out.tiles + Self.tilesPerTask - 1) / Self.tilesPerTask
        func part(_ task: Int) -> (head: Int, tiles: Range<Int>) {
            let (head, block) = task.quotientAndRemainder(dividingBy: blocks)
            return (head, block * Self.tilesPerTask..<min((block + 1) * Self.tilesPerTask, out.tiles))
        }
        let floats = Self.scratchCount(tokens: tokens, headDim: headDim)
        pool.share(heads * blocks, floats: floats) { [self] task, area in
            let (head, tiles) = part(task)
            attend(head, tiles, q, out, scratch: area)
        } finish: { task, area in
            let (head, tiles) = part(task)
            out.store(result(out.tokens(tiles).count, area), tiles: tiles, firstColumn: head * headDim)
        }
    }

    /// Both matrices of a head: keys [tokens, headDim], and values transposed [headDim, tokens].
    private func matrices(_ head: Int) -> (keys: ck_matrix, values: ck_matrix) {
        let (keyBytes, valueBytes) = (Self.matrixBytes(tokens, headDim), Self.matrixBytes(headDim, tokens))
        let base = memory.base + head * (keyBytes + valueBytes)
        func matrix(_ rows: Int, _ columns: Int, at base: UnsafeMutableRawPointer) -> ck_matrix {
            ck_matrix(
                storage: CK_FLOAT32,
                rows: rows,
                columns: columns,
                panel_bytes: ck_panel_bytes(CK_FLOAT32, columns),
                panels: base
            )
        }
        return (matrix(tokens, headDim, at: base), matrix(headDim, tokens, at: base + keyBytes))
    }

    private func pack(_ pool: ThreadPool, _ k: Rows, _ v: Rows, _ kernels: KernelSet) {
        let panels = (tokens + BlockGrid.panelRows - 1) / BlockGrid.panelRows
        pool.share(heads * panels) { task in
            let (head, panel) = task.quotientAndRemainder(dividingBy: panels)
            let columns = head * headDim..<(head + 1) * headDim
            let rows = panel * BlockGrid.panelRows..<min((panel + 1) * BlockGrid.panelRows, tokens)
            let (keys, values) = matrices(head)
            let (k, v) = (k.rows(rows).columns(columns), v.rows(rows).columns(columns))
            let rowBytes = k.stride * MemoryLayout<Float>.stride
            withUnsafePointer(to: keys) {
                ck_matrix_pack(
                    kernels.table,
                    $0,
                    panel,
                    rows.lowerBound,
                    rows.upperBound,
                    k.base,
                    CK_FROM_FLOAT32,
                    rowBytes
                )
            }
            withUnsafePointer(to: values) { ck_vision_pack_values($0, rows.lowerBound, rows.count, v.base, v.stride) }
        }
    }

    /// Where a task's result is in its work area: behind sums, queries and divisors.
    private func result(_ queries: Int, _ scratch: UnsafeMutablePointer<Float>) -> Rows {
        let place = scratch + BlockGrid.workFloats + Self.queriesPerTask * (headDim + 1)
        return Rows(place, count: queries, width: headDim)
    }

    /// One head's attention for the queries of some tiles, on the calling thread; the result stays in the work area.
    private func attend(
        _ head: Int,
        _ tiles: Range<Int>,
        _ q: Rows,
        _ out: PackedRows,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let queries = out.tokens(tiles)
        let block = PackedRows(
            scratch + BlockGrid.workFloats,
            count: queries.count,
            width: headDim,
            kernels: out.kernels
        )
        let divisors = block.base + Self.queriesPerTask * headDim
        let result = result(queries.count, scratch)
        let scores = Rows(result.base + Self.queriesPerTask * headDim, count: queries.count, width: tokens)
        let weights = PackedRows(
            scores.base + Self.queriesPerTask * tokens,
            count: queries.count,
            width: tokens,
            kernels: out.kernels
        )
        let (keys, values) = matrices(head)
        let first = head * headDim

        block.store(q.rows(queries).columns(first..<first + headDim), tiles: 0..<block.tiles)
        multiply(block, keys, keysTree, into: scores, scratch)
        RowOperations.softmax(scores, scale: 1 / Float(headDim).squareRoot(), divisors: divisors)
        weights.store(scores, tiles: 0..<weights.tiles)
        multiply(weights, values, valuesTree, into: result, scratch)
        RowOperations.divide(result, by: divisors)
    }

    private func multiply(
        _ x: PackedRows,
        _ w: ck_matrix,
        _ tree: SumTree,
        into y: Rows,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let panels = (w.rows + BlockGrid.panelRows - 1) / BlockGrid.panelRows
        tree.withUnsafeTree { tree in
            withUnsafePointer(to: w) { w in
                ck_matmul(
                    x.kernels.table,
                    w,
                    0,
                    panels,
                    x.base,
                    x.count,
                    0,
                    x.tiles,
                    tree,
                    y.base,
                    y.stride,
                    0,
                    scratch
                )
            }
        }
    }
}
