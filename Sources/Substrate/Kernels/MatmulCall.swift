internal import CKernels

/// One product by one or several matrices of one kind, shared out over the threads.
///
/// The panels of all matrices are numbered one after the other; a task is a run of them times a block of tiles.
struct MatmulCall {
    let pool: ThreadPool
    let kernels: KernelSet
    private let matrices: UnsafeBufferPointer<PackedMatrix>
    let x: Rows
    private let source: RowSource
    private let tree: UnsafePointer<ck_sum_tree>
    let y: Rows
    private let partialStride: Int
    let plan: MatmulPlan
    /// Panels of the smallest piece that a thread takes.
    let grain: Int
    /// The first matrix, which says how all take `x`.
    private var w: PackedMatrix { matrices[0] }

    init(
        _ pool: ThreadPool,
        _ kernels: KernelSet,
        _ matrices: UnsafeBufferPointer<PackedMatrix>,
        _ x: Rows,
        from source: RowSource,
        tree: UnsafePointer<ck_sum_tree>,
        into y: Rows,
        partialStride: Int,
        grain: Int? = nil
    ) {
        var (rows, panels) = (0, 0)
        for w in matrices {
            precondition(x.width == w.columns, "matmul: \(x.width) columns by [\(w.rows), \(w.columns)]")
            rows += w.rows
            panels += w.panels
        }
        precondition(y.width == rows && y.count == x.count, "matmul: [\(x.count), \(rows)] into \(y.count), \(y.width)")
        if case .quantised(let rows) = source {
            precondition(matrices.count == 1 && rows.fit(matrices[0], tokens: x.count), "matmul: quantised for another")
        }
        self.pool = pool
        self.kernels = kernels
        self.matrices = matrices
        self.x = x
        self.source = source
        self.tree = tree
        self.y = y
        self.partialStride = partialStride
        let first = matrices[0]
        self.grain = grain ?? Self.grainPanels(of: first, tokens: x.count, kernels)
        let atMost = pool.errand == nil ? nil : Self.productsPerErrand / max(1, x.count * x.width * CK_PANEL_ROWS)
        guard first.storage.isQuantised else {
            let tiles = ck_tile_count(kernels.table, x.count)
            plan = MatmulPlan(tiles: tiles, panels: panels, threads: pool.threads, atMost: atMost)
            return
        }
        let together = ck_quant_group_panels(kernels.table, x.count)
        plan = MatmulPlan(
            tiles: ck_quant_tile_count(x.count),
            panels: panels,
            threads: pool.threads,
            group: grain ?? together,
            // Where a group is small, tasks are: what threads wait for each other at the end is a part of one.
            tasksPerThread: together < CK_GROUP_PANELS ? 8 : 4,
            mostTiles: ck_quant_block_tiles(kernels.table, x.count, first.columns, first.blockColumns),
            atMost: atMost
        )
    }

    /// Multiply-adds after which the calling thread looks after its errand: some tenths of a millisecond.
    ///
    /// What it moves on stands still meanwhile, at both ends.
    private static let productsPerErrand = 1 << 25

    func run() {
        guard x.count > 0 else { return }
        if w.storage.isQuantised { runQuantised() } else { runFloat() }
    }

    // MARK: Floats

    private func runFloat() {
        pool.reserveScratch(
            floatsPerThread: ck_matmul_scratch(kernels.table, tree, plan.tilesPerBlock),
            shared: isPacked ? x.count * ck_x_words(kernels.table, w.matrix.storage, x.width) : 0
        )
        let packed = packedTiles()
        forEachPart { w, panels, tiles, out, thread in
            withUnsafePointer(to: w.matrix) { matrix in
                ck_matmul(
                    kernels.table,
                    matrix,
                    panels.lowerBound,
                    panels.upperBound,
                    packed,
                    x.count,
                    tiles.lowerBound,
                    tiles.upperBound,
                    tree,
                    out,
                    y.stride,
                    partialStride,
                    pool.scratch(of: thread)
                )
            }
        }
    }

    /// One token is its own tile, unless it is rounded.
    private var isPacked: Bool { x.count > 1 || w.storage == .bfloat16Pairs }

    /// The tokens as tiles, each column-major inside.
    private func packedTiles() -> UnsafePointer<Float> {
        guard isPacked else { return UnsafePointer(x.base) }
        let (packed, storage) = (pool.shared, w.matrix.storage)
        pool.runRanges(plan.tiles, grain: max(1, 16_384 / (CK_TILE_TOKENS * x.width))) { range in
            for tile in range {
                let begin = ck_tile_begin(kernels.table, x.count, tile)
                source.compute(begin..<ck_tile_begin(kernels.table, x.count, tile + 1), into: x, kernels)
                ck_pack_tile(kernels.table, storage, x.base, x.stride, x.count, x.width, tile, packed)
            }
        }
        return UnsafePointer(packed)
    }

    // MARK: Quantised

    private func runQuantised() {
        reserve()
        let packed = quantisedTokens()
        forEachPart { w, panels, tiles, out, thread in
            multiply(w, panels, packed, tiles, into: out, stride: y.stride, on: thread)
        }
    }

    /// Room for a quantised product, and for some more floats of each thread.
    func reserve(more floats: Int = 0) {
        let bytes = ck_quant_x_bytes(x.count, x.width, w.blockColumns)
        pool.reserveScratch(floatsPerThread: scratchCount + floats, shared: (bytes + 3) / 4)
    }

    /// Floats that a quantised product takes of a thread's work area.
    var scratchCount: Int { ck_quant_scratch(tree, plan.tilesPerBlock * CK_QUANT_TILE_TOKENS) }

    /// Some panels of a matrix by some tiles; `out` is where the matrix's outputs of token 0 are.
    func multiply(
        _ w: PackedMatrix,
        _ panels: Range<Int>,
        _ packed: UnsafePointer<UInt8>,
        _ tiles: Range<Int>,
        into out: UnsafeMutablePointer<Float>,
        stride: Int,
        on thread: Int
    ) {
        withUnsafePointer(to: w.quantised) { matrix in
            ck_quant_matmul(
                kernels.table,
                matrix,
                panels.lowerBound,
                panels.upperBound,
                packed,
                x.count,
                tiles.lowerBound,
                tiles.upperBound,
                tree,
                out,
                stride,
                partialStride,
                pool.scratch(of: thread)
            )
        }
    }

    /// The tokens as ``QuantisedRows``; unless they are that already, in the memory that the pool's threads share.
    func quantisedTokens() -> UnsafePointer<UInt8> {
        if case .quantised(let rows) = source { return UnsafePointer(rows.base) }
        let packed = UnsafeMutableRawPointer(pool.shared).assumingMemoryBound(to: UInt8.self)
        let (quant, blockColumns) = (w.quantised.quant, w.blockColumns)
        pool.runRanges(x.count, grain: max(1, 16_384 / x.width)) { range in
            for token in range {
                source.compute(token..<token + 1, into: x, kernels)
                ck_quant_x(kernels.table, quant, x.width, blockColumns, x.row(token), x.count, token, packed)
            }
        }
        return UnsafePointer(packed)
    }

    // MARK: Tasks

    /// Calls `body` for the panels of each matrix in each task, with where that matrix's outputs of token 0 are.
    ///
    /// - Parameter ahead: what is read after all, if the call's last matrix does not know.
    func forEachPart(
        before ahead: WeightsAhead? = nil,
        _ body: (PackedMatrix, _ panels: Range<Int>, _ tiles: Range<Int>, UnsafeMutablePointer<Float>, _ thread: Int) ->
            Void
    ) {
        guard plan.isInParts else {
            return pool.run(plan.tasks) { task, thread in
                let (panels, tiles) = plan.part(task)
                forEachMatrix(panels) { w, panels, y in body(w, panels, tiles, y, thread) }
            }
        }
        pool.announce(ahead ?? matrices[matrices.count - 1].ahead)
        pool.runParts(plan.panels, grain: grain, most: max(grain, plan.limit)) { panels, thread in
            forEachMatrix(panels) { w, panels, y in body(w, panels, 0..<plan.tiles, y, thread) }
        }
    }

    private func forEachMatrix(
        _ panels: Range<Int>,
        _ body: (PackedMatrix, Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        var (first, column) = (0, 0)
        for w in matrices {
            let (begin, end) = (max(panels.lowerBound - first, 0), min(panels.upperBound - first, w.panels))
            if begin < end { body(w, begin..<end, y.base + column) }
            first += w.panels
            column += w.rows
        }
    }

    /// Panels of the smallest piece that a thread takes: what kernels take together, or have behind one another in
    /// memory.
    ///
    /// In blocks of few columns a panel is a few kilobytes, too short a stretch; elsewhere two are the sooner done, the
    /// better.
    static func grainPanels(of w: PackedMatrix, tokens: Int = 1, _ kernels: KernelSet = .active) -> Int {
        guard w.storage.isQuantised else { return CK_GROUP_PANELS }
        let group = ck_quant_group_panels(kernels.table, tokens)
        return group < CK_GROUP_PANELS ? group : w.blockColumns == w.columns ? 2 : CK_GROUP_PANELS
    }
}
