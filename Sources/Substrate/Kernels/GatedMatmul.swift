internal import CKernels

/// `silu(x · Gᵀ) ⊙ (x · Uᵀ)` for many tokens, quantised for the product that takes it.
///
/// Each piece of both products is combined and quantised while it is in the cache. The same bits as two products, ``SwiGLU``
/// and quantising behind one another, which write and read the activations as floats, each of them.
package struct GatedMatmul {
    private let gate: PackedMatrix
    private let up: PackedMatrix
    private let kernels: KernelSet
    /// Panels of a piece: twice what kernels take together, and whole groups of the activations.
    private let piecePanels: Int

    /// Where several threads have fewer pieces each, one waits longer for another than all of this gains.
    package static let piecesPerThread = 16

    /// `nil` for other lists than two quantised matrices of one size, and where it would not be faster: for a few tokens,
    /// whose outputs stay in the cache anyway, for many threads, and where an errand waits for the end of a piece.
    package init?(
        _ matrices: [PackedMatrix],
        tokens: Int,
        on pool: ThreadPool,
        piecesPerThread: Int = GatedMatmul.piecesPerThread,
        kernels: KernelSet = .active
    ) {
        guard tokens > CK_QUANT_TILE_TOKENS, matrices.count == 2, pool.errand == nil else { return nil }
        (gate, up, self.kernels) = (matrices[0], matrices[1], kernels)
        piecePanels = 2 * ck_quant_group_panels(kernels.table, tokens)
        guard gate.storage.isQuantised, gate.storage == up.storage, gate.blockColumns == up.blockColumns,
            gate.rows == up.rows,
            pool.threads == 1 || gate.panels >= piecePanels * pool.threads * piecesPerThread
        else { return nil }
    }

    /// - Parameters:
    ///   - x: `[tokens, columns]`.
    ///   - source: What `x` is computed from, first of all.
    ///   - y: `[tokens, rows]`, somewhere else than `x`.
    package func run(_ pool: ThreadPool, _ x: Rows, from source: RowSource = .stored, into y: QuantisedRows) {
        precondition(y.width == gate.rows && y.count == x.count, "gated: \(gate.rows) rows into \(y.width)")
        // Nobody writes to it as floats: the call is told of its size.
        let floats = UnsafeMutableRawPointer(y.base).assumingMemoryBound(to: Float.self)
        withUnsafePointer(to: gate) { gate in
            SumTree.withUnsafeSingleTree(columns: x.width) { tree in
                MatmulCall(
                    pool,
                    kernels,
                    UnsafeBufferPointer(start: gate, count: 1),
                    x,
                    from: source,
                    tree: tree,
                    into: Rows(floats, count: y.count, width: y.width),
                    partialStride: 0,
                    grain: piecePanels
                ).run(gating: up, into: y)
            }
        }
    }
}

extension MatmulCall {
    /// Multiplies by the gate, which is the call's matrix, and by `up`, piece by piece.
    fileprivate func run(gating up: PackedMatrix, into y: QuantisedRows) {
        let width = grain * CK_PANEL_ROWS, blockTokens = plan.tilesPerBlock * CK_QUANT_TILE_TOKENS
        let first = scratchCount
        reserve(more: 2 * blockTokens * width)
        let packed = quantisedTokens()
        forEachPart(before: up.ahead) { gate, panels, tiles, _, thread in
            let begin = ck_quant_tile_begin(x.count, tiles.lowerBound)
            let count = ck_quant_tile_begin(x.count, tiles.upperBound) - begin
            let area = pool.scratch(of: thread) + first
            for panel in stride(from: panels.lowerBound, to: panels.upperBound, by: grain) {
                let piece = panel..<min(panel + grain, panels.upperBound), column = panel * CK_PANEL_ROWS
                let columns = min(width, y.width - column)
                func product(_ w: PackedMatrix, _ rows: Rows) -> Rows {
                    // Kernels count from the first token's first output, wherever that would be.
                    let origin = rows.base - begin * width - column
                    multiply(w, piece, packed, tiles, into: origin, stride: width, on: thread)
                    return rows
                }
                let gates = product(gate, Rows(area, count: count, width: columns, stride: width))
                let ups = product(up, Rows(area + blockTokens * width, count: count, width: columns, stride: width))
                SwiGLU.compute(0..<count, gate: gates, up: ups, into: gates, kernels)
                y.store(gates, tiles: tiles, firstColumn: column, kernels)
            }
        }
    }
}
