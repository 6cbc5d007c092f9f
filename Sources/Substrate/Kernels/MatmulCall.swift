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
        let quantised = matrices[0].storage.isQuantised
        plan = MatmulPlan(
            tiles: quantised ? ck_quant_tile_count(x.count) : ck_tile_count(kernels.table, x.count),
            panels: panels,
            threads: pool.threads,
            quantised: quantised,
            atMost: pool.errand == nil ? nil : Self.productsPerErrand / max(1, x.count * x.width * CK_PANEL_ROWS)
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
        pool.run(plan.tasks) { task, thread in
            let (panels, tiles) = plan.part(task)
            var (first, column) = (0, 0)
            for w in matrices {
                let (begin, end) = (max(panels.lowerBound - first, 0), min(panels.upperBound - first, w.panels))
                if begin < end { body(w, begin..<end, tiles, y.base + column, thread) }
                first += w.panels
                column += w.rows
            }
        }
    }
}

/// The tasks of one product: blocks of tiles times runs of panels, at least a few for each thread.
///
/// Of a single block, each run is a part of what is left, 1 / (2 · threads), so that the stream of weights restarts seldom
/// and yet the threads end together: the last runs are short.
struct MatmulPlan {
    let tiles: Int
    let tilesPerBlock: Int
    let panels: Int
    private let threads: Int
    /// Panels of each task; `nil` where they are a part of what is left.
    private let panelsPerTask: Int?
    private let blocks: Int
    /// Panels of a task at most.
    private let limit: Int
    /// Tasks of one block of tiles.
    private let panelTasks: Int
    var tasks: Int { panelTasks * blocks }

    /// - Parameter atMost: panels of a task, where something else is to be done between tasks; whole groups all the same.
    init(tiles: Int, panels: Int, threads: Int, quantised: Bool = false, atMost: Int? = nil) {
        let limit = atMost.map(Self.wholeGroups) ?? panels
        self.limit = limit
        let most = quantised ? CK_QUANT_BLOCK_TILES : CK_BLOCK_TILES
        blocks = max(1, (tiles + most - 1) / most)
        (self.tiles, self.panels, self.threads) = (tiles, panels, threads)
        tilesPerBlock = (tiles + blocks - 1) / blocks
        if threads == 1 {
            let size = max(1, min(panels, limit))
            (panelsPerTask, panelTasks) = (size, max(1, (panels + size - 1) / size))
        } else if blocks == 1 {
            panelsPerTask = nil
            panelTasks = Self.shrinkingRuns(over: panels, threads: threads, limit: limit).count
        } else {
            let size = min(32, limit, Self.wholeGroups(panels * blocks / (threads * (quantised ? 4 : 16))))
            (panelsPerTask, panelTasks) = (size, (panels + size - 1) / size)
        }
    }

    /// The panels and tiles of a task; the panels of one block of tiles follow one another.
    func part(_ task: Int) -> (panels: Range<Int>, tiles: Range<Int>) {
        let (block, number) = task.quotientAndRemainder(dividingBy: panelTasks)
        let tile = block * tilesPerBlock
        return (run(number), tile..<min(tiles, tile + tilesPerBlock))
    }

    private func run(_ number: Int) -> Range<Int> {
        guard let panelsPerTask else {
            return Self.shrinkingRuns(over: panels, threads: threads, limit: limit, most: number + 1).last
        }
        return number * panelsPerTask..<min(panels, (number + 1) * panelsPerTask)
    }

    /// The first `most` runs of a single block: their number, and the last of them.
    private static func shrinkingRuns(
        over panels: Int,
        threads: Int,
        limit: Int,
        most: Int = .max
    ) -> (count: Int, last: Range<Int>) {
        var (count, last) = (0, 0..<0)
        while count < most, last.upperBound < panels {
            let begin = last.upperBound
            last = begin..<min(panels, begin + min(limit, wholeGroups((panels - begin) / (2 * threads))))
            count += 1
        }
        return (count, last)
    }

    /// At least one group of the panels that kernels take together.
    private static func wholeGroups(_ panels: Int) -> Int {
        max(CK_GROUP_PANELS, panels / CK_GROUP_PANELS * CK_GROUP_PANELS)
    }
}
