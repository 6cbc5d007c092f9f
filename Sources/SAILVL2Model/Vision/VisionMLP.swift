import Kernels

/// The SwiGLU layer of a vision block, added to the hidden states.
///
/// x += fc2(silu(fc1(x')) · fc3(x')), x' [patches, hidden] the normed x, fc1 and fc3 to [patches, intermediate].
/// A block of fc3's output lives only in the scratch of the thread that has just computed the same block of fc1's.
/// Hugging Face: `SAILViTSwiGLUFFN`.
struct VisionMLP: Sendable {
    let fc1, fc2, fc3: VisionLinear

    /// A block of fc3's output, and behind it a widened panel.
    static func scratchCount(patches: Int, hidden: Int, intermediate: Int, storage: VisionWeights.Storage) -> Int {
        let up = min(patches, BlockGrid.rowsPerBlock) * min(intermediate, BlockGrid.columnsPerBlock)
        return up + VisionMatrix.scratchCount(outputs: intermediate, inputs: hidden, storage: storage)
    }

    func callAsFunction(_ normed: Rows, work: VisionWorkspace) {
        let grid = BlockGrid(rows: normed.count, columns: fc1.weight.outputs)
        work.workers.forEach(grid.count) { index, scratch in
            let (rows, columns) = grid[index]
            let gate = work.gated[rows, columns]
            let up = Rows(scratch, count: rows.count, width: columns.count)
            let panel = scratch + rows.count * columns.count
            fc1.compute(normed.rows(rows), columns, into: gate, scratch: panel)
            fc3.compute(normed.rows(rows), columns, into: up, scratch: panel)
            VisionRows.swiGLU(gate: gate, up: up)
        }
        fc2(work.gated, into: work.hidden, .add, on: work.workers)
    }
}
