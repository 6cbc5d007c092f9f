internal import CKernels

/// One product by one or several matrices of one kind, shared out over the threads.
///
/// The panels of all matrices are numbered one after the other; a task is a run of them times a block of tiles.
struct MatmulCall {
    private let pool: ThreadPool
    private let kernels: KernelSet
    private let matrices: UnsafeBufferPointer<PackedMatrix>
    private let x: Rows
    private let tree: UnsafePointer<ck_sum_tree>
    private let y: Rows
    private let partialStride: Int
    private let plan: MatmulPlan
    /// The first matrix, which says how all take `x`.
    private var w: PackedMatrix { matrices[0] }

    init(
        _ pool: ThreadPool,
        _ kernels: KernelSet,
        _ matrices: UnsafeBufferPointer<PackedMatrix>,
        _ x: Rows,
        tree: UnsafePointer<ck_sum_tree>,
        into y: Rows,
        partialStride: Int
    ) {
        var (rows, panels) = (0, 0)
        for w in matrices {
            precondition(x.width == w.columns, "matmul: \(x.width) columns by [\(w.rows), \(w.columns)]")
            rows += w.rows
            panels += w.panels
        }
        precondition(y.width == rows && y.count == x.count, "matmul: [\(x.count), \(rows)] into \(y.count), \(y.width)")
        self.pool = pool
        self.kernels = kernels
        self.matrices = matrices
        self.x = x
        self.tree = tree
        self.y = y
        self.partialStride = partialStride
        let first = matrices[0]
        let atMost = pool.errand == nil ? nil : Self.productsPerErrand / max(1, x.count * x.width * CK_PANEL_ROWS)
        guard first.storage.isQuantised else {
            let tiles = ck_tile_count(kernels.table, x.count)
            plan = MatmulPlan(tiles: tiles, panels: panels, threads: pool.threads, atMost: atMost)
            return
        }
        let group = ck_quant_group_panels(kernels.table, x.count)
        plan = MatmulPlan(
            tiles: ck_quant_tile_count(x.count),
            panels: panels,
            threads: pool.threads,
            group: group,
            // Where a group is small, tasks are: what threads wait for each other at the end is a part of one.
            tasksPerThread: group < CK_GROUP_PANELS ? 8 : 4,
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
            for tile in range { ck_pack_tile(kernels.table, storage, x.base, x.stride, x.count, x.width, tile, packed) }
        }
        return UnsafePointer(packed)
    }

    // MARK: Quantised

    private func runQuantised() {
        let bytes = ck_quant_x_bytes(x.count, x.width, w.blockColumns)
        pool.reserveScratch(
            floatsPerThread: ck_quant_scratch(tree, plan.tilesPerBlock * CK_QUANT_TILE_TOKENS),
            shared: (bytes + 3) / 4
        )
        let packed = quantisedTokens()
        forEachPart { w, panels, tiles, out, thread in
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
                    y.stride,
                    partialStride,
                    pool.scratch(of: thread)
                )
            }
        }
    }

    private func quantisedTokens() -> UnsafePointer<UInt8> {
        let packed = UnsafeMutableRawPointer(pool.shared).assumingMemoryBound(to: UInt8.self)
        let (quant, blockColumns) = (w.quantised.quant, w.blockColumns)
        pool.runRanges(x.count, grain: max(1, 16_384 / x.width)) { range in
            for token in range {
                ck_quant_x(kernels.table, quant, x.width, blockColumns, x.row(token), x.count, token, packed)
            }
        }
        return UnsafePointer(packed)
    }

    // MARK: Tasks

    /// Calls `body` for the panels of each matrix in each task, with where that matrix's outputs of token 0 are.
    private func forEachPart(
        _ body: (PackedMatrix, _ panels: Range<Int>, _ tiles: Range<Int>, UnsafeMutablePointer<Float>, _ thread: Int) ->
            Void
    ) {
        guard plan.isInParts else {
            return pool.run(plan.tasks) { task, thread in
                let (panels, tiles) = plan.part(task)
                forEachMatrix(panels) { w, panels, y in body(w, panels, tiles, y, thread) }
            }
        }
        pool.announce(matrices[matrices.count - 1].ahead)
        let grain = Self.grainPanels(of: w, tokens: x.count, kernels)
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
