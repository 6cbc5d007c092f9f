internal import CKernels

/// `y = x · Wᵀ` for any number of tokens, the same bits for a token whatever stands beside it.
package enum Matmul {
    /// Multiplies and writes `y[partial][token][row]`.
    ///
    /// One token reads the weights once at the memory's speed; up to six (AVX-512: twelve) share one pass over
    /// them in registers; more are cut into register tiles and blocks of at most sixteen of them, which stay in the cache.
    ///
    /// - Parameters:
    ///   - x: `[tokens, w.columns]`
    ///   - tree: How the sum over the columns is cut; by default one chain.
    ///   - y: `[tokens, w.rows]` of the first partial sum.
    ///   - partialStride: Floats from one partial sum's `y` to the next; needed if the tree leaves several.
    package static func run(
        _ pool: ThreadPool,
        _ w: PackedMatrix,
        _ x: Rows,
        tree: SumTree? = nil,
        into y: Rows,
        partialStride: Int = 0,
        kernels: KernelSet = .active
    ) {
        let tree = tree ?? .single(columns: w.columns)
        precondition(x.width == w.columns, "matmul: \(x.width) columns by [\(w.rows), \(w.columns)]")
        precondition(y.width == w.rows && y.count == x.count, "matmul: [\(x.count), \(w.rows)] into \(y.count)")
        precondition(tree.columns == w.columns, "matmul: a tree of \(tree.columns) columns, \(w.columns) columns")
        precondition(tree.partials == 1 || partialStride > 0, "matmul: \(tree.partials) partial sums need a stride")
        guard x.count > 0 else { return }
        tree.withUnsafeTree { tree in
            let plan = MatmulPlan(
                tiles: ck_tile_count(kernels.table, x.count),
                panels: w.panels,
                threads: pool.threads
            )
            pool.reserveScratch(
                floatsPerThread: ck_matmul_scratch(kernels.table, tree, plan.tilesPerBlock),
                shared: x.count > 1 ? x.count * x.width : 0
            )
            let packed = pack(pool, x, tiles: plan.tiles, kernels)
            withUnsafePointer(to: w.matrix) { matrix in
                pool.run(plan.tasks) { task, thread in
                    let (panels, tiles) = plan.part(task)
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
                        y.base,
                        y.stride,
                        partialStride,
                        pool.scratch(of: thread)
                    )
                }
            }
        }
    }

    /// The tokens as tiles, each column-major inside; one token is its own tile.
    private static func pack(_ pool: ThreadPool, _ x: Rows, tiles: Int, _ kernels: KernelSet) -> UnsafePointer<Float> {
        guard x.count > 1 else { return UnsafePointer(x.base) }
        let packed = pool.shared
        pool.runRanges(tiles, grain: max(1, 16_384 / (6 * x.width))) { range in
            for tile in range { ck_pack_tile(kernels.table, x.base, x.stride, x.count, x.width, tile, packed) }
        }
        return UnsafePointer(packed)
    }
}

/// The tasks of one product: blocks of tiles times runs of panels, at least a few for each thread.
struct MatmulPlan {
    let tiles: Int
    let tilesPerBlock: Int
    let panels: Int
    let panelsPerTask: Int

    init(tiles: Int, panels: Int, threads: Int) {
        self.tiles = tiles
        let blocks = (tiles + CK_BLOCK_TILES - 1) / CK_BLOCK_TILES
        tilesPerBlock = (tiles + blocks - 1) / blocks
        self.panels = panels
        let group = CK_GROUP_PANELS
        guard threads > 1 else {
            panelsPerTask = panels
            return
        }
        let wanted = panels * blocks / (threads * 16)
        panelsPerTask = min(32, max(group, wanted / group * group))
    }

    private var panelTasks: Int { (panels + panelsPerTask - 1) / panelsPerTask }
    var tasks: Int { panelTasks * ((tiles + tilesPerBlock - 1) / tilesPerBlock) }

    /// The panels and tiles of a task; the panels of one block of tiles follow one another.
    func part(_ task: Int) -> (panels: Range<Int>, tiles: Range<Int>) {
        let (block, part) = task.quotientAndRemainder(dividingBy: panelTasks)
        let panel = part * panelsPerTask
        let tile = block * tilesPerBlock
        return (
            panel..<min(panels, panel + panelsPerTask),
            tile..<min(tiles, tile + tilesPerBlock)
        )
    }
}
