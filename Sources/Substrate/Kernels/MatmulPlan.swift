internal import CKernels

/// The tasks of one product: blocks of tiles times runs of panels, at least a few for each thread.
///
/// A single block has no tasks but parts: each thread goes through one stretch of the panels from its beginning to its
/// end, so that the stream of weights restarts seldom, and then helps the others.
struct MatmulPlan {
    let tiles: Int
    let tilesPerBlock: Int
    let panels: Int
    /// Panels of a task, or of a piece of a part, at most.
    let limit: Int
    /// Whether threads take pieces of their parts; there are no tasks then.
    let isInParts: Bool
    private let panelsPerTask: Int
    private let blocks: Int
    /// Tasks of one block of tiles.
    private let panelTasks: Int
    var tasks: Int { panelTasks * blocks }

    /// - Parameters:
    ///   - group: panels that kernels take together; tasks begin at its multiples.
    ///   - tasksPerThread: in each block of tiles, if there are panels enough.
    ///   - mostTiles: of a block.
    ///   - atMost: panels of a task, where something else is to be done between tasks; whole groups even so.
    init(
        tiles: Int,
        panels: Int,
        threads: Int,
        group: Int = CK_GROUP_PANELS,
        tasksPerThread: Int = 16,
        mostTiles: Int = CK_BLOCK_TILES,
        atMost: Int? = nil
    ) {
        let wholeGroups = { (panels: Int) in max(group, panels / group * group) }
        limit = atMost.map(wholeGroups) ?? panels
        blocks = max(1, (tiles + mostTiles - 1) / mostTiles)
        (self.tiles, self.panels) = (tiles, panels)
        tilesPerBlock = (tiles + blocks - 1) / blocks
        isInParts = threads > 1 && blocks == 1
        if threads == 1 {
            panelsPerTask = max(1, min(panels, limit))
        } else {
            panelsPerTask = min(wholeGroups(32), limit, wholeGroups(panels * blocks / (threads * tasksPerThread)))
        }
        panelTasks = isInParts ? 0 : max(1, (panels + panelsPerTask - 1) / panelsPerTask)
    }

    /// The panels and tiles of a task; the panels of one block of tiles follow one another.
    func part(_ task: Int) -> (panels: Range<Int>, tiles: Range<Int>) {
        let (block, number) = task.quotientAndRemainder(dividingBy: panelTasks)
        let tile = block * tilesPerBlock
        let panels = number * panelsPerTask..<min(panels, (number + 1) * panelsPerTask)
        return (panels, tile..<min(tiles, tile + tilesPerBlock))
    }
}
