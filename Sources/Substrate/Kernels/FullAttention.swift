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

    /// Register tiles of queries of one task: 48 queries in AVX2, whose scores are 192 KiB for 1024 tokens, twice.
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

    /// Floats of each thread's work area: sums, queries, divisors, outputs, and the scores in both orders.
    package static func scratchCount(
        tokens: Int,
        headDim: Int,
        heads: Int = 1,
        into element: PackedRows.Element = .float32
    ) -> Int {
        let outputs = headDim * headsPerTask(heads, headDim, element)
        return BlockGrid.workFloats + queriesPerTask * (headDim + 1 + outputs + 2 * tokens)
    }

    private static var queriesPerTask: Int { tilesPerTask * Int(CK_TILE_TOKENS) }

    /// Heads whose outputs are stored together: one, or as many as fill whole groups of columns that share a scale.
    private static func headsPerTask(_ heads: Int, _ headDim: Int, _ element: PackedRows.Element) -> Int {
        let filling = (1...element.columnsTogether).first { ($0 * headDim).isMultiple(of: element.columnsTogether) }
        return min(heads, filling ?? heads)
    }

    /// - Parameters:
    ///   - q, k, v: `[tokens, heads · headDim]` each.
    ///   - out: `[tokens, heads · headDim]`, the heads side by side.
    package func run(_ pool: ThreadPool, q: Rows, k: Rows, v: Rows, into out: PackedRows) {
        let width = heads * headDim
        precondition([q, k, v].allSatisfy { $0.count == tokens && $0.width == width }, "attention: \(width) columns")
        precondition(out.count == tokens && out.width == width, "attention into [\(out.count), \(out.width)]")
        pack(pool, k, v, out.kernels)
        let together = Self.headsPerTask(heads, headDim, out.element)
        let tilesPerTask = Self.tiles(out)
        let blocks = (out.tiles + tilesPerTask - 1) / tilesPerTask
        func part(_ task: Int) -> (heads: Range<Int>, tiles: Range<Int>) {
            let (first, block) = task.quotientAndRemainder(dividingBy: blocks)
            let heads = first * together..<min((first + 1) * together, heads)
            return (heads, block * tilesPerTask..<min((block + 1) * tilesPerTask, out.tiles))
        }
        let floats = Self.scratchCount(tokens: tokens, headDim: headDim, heads: heads, into: out.element)
        pool.share((heads + together - 1) / together * blocks, floats: floats) { [self] task, area in
            let (heads, tiles) = part(task)
            let queries = out.tokens(tiles)
            let work = Work(area, queries: queries.count, tokens: tokens, headDim: headDim, heads: heads.count)
            for head in heads {
                let first = (head - heads.lowerBound) * headDim
                let result = work.result.columns(first..<first + headDim)
                attend(head, q.rows(queries), work, into: result, out.kernels)
            }
        } finish: { task, area in
            let (heads, tiles) = part(task)
            let queries = out.tokens(tiles).count
            let work = Work(area, queries: queries, tokens: tokens, headDim: headDim, heads: heads.count)
            out.store(work.result, tiles: tiles, firstColumn: heads.lowerBound * headDim)
        }
    }

    /// Tiles of the output that have as many tokens as a task's register tiles of queries.
    private static func tiles(_ out: PackedRows) -> Int {
        guard out.element == .q8 else { return tilesPerTask }
        return tilesPerTask * out.kernels.table.pointee.tile_tokens / Int(CK_QUANT_TILE_TOKENS)
    }

    /// A task's work area, part by part.
    private struct Work {
        let sums, queries, divisors: UnsafeMutablePointer<Float>
        /// The outputs of the heads side by side.
        let result: Rows
        let scores: Rows
        let weights: UnsafeMutablePointer<Float>

        init(_ area: UnsafeMutablePointer<Float>, queries count: Int, tokens: Int, headDim: Int, heads: Int) {
            let most = FullAttention.queriesPerTask
            sums = area
            queries = sums + BlockGrid.workFloats
            divisors = queries + most * headDim
            result = Rows(divisors + most, count: count, width: heads * headDim)
            scores = Rows(result.base + most * heads * headDim, count: count, width: tokens)
            weights = scores.base + most * tokens
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

    /// One head's attention for some queries, on the calling thread; the result stays in the work area.
    private func attend(_ head: Int, _ q: Rows, _ work: Work, into result: Rows, _ kernels: KernelSet) {
        let block = PackedRows(work.queries, count: q.count, width: headDim, kernels: kernels)
        let weights = PackedRows(work.weights, count: q.count, width: tokens, kernels: kernels)
        let (keys, values) = matrices(head)
        let first = head * headDim

        block.store(q.columns(first..<first + headDim), tiles: 0..<block.tiles)
        multiply(block, keys, keysTree, into: work.scores, work.sums)
        RowOperations.softmax(work.scores, scale: 1 / Float(headDim).squareRoot(), divisors: work.divisors)
        weights.store(work.scores, tiles: 0..<weights.tiles)
        multiply(weights, values, valuesTree, into: result, work.sums)
        RowOperations.divide(result, by: work.divisors)
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
