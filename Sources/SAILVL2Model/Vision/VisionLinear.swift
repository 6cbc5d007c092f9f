import Kernels

/// A linear layer, y = x · weightᵀ + bias, cut into blocks that the threads share.
///
/// x [patches, inputs], weight [outputs, inputs], bias [outputs] where the checkpoint has one, y [patches, outputs].
struct VisionLinear: Sendable {
    /// What becomes of the numbers that y holds already.
    enum Effect {
        /// y = …
        case replace
        /// y += …, the residual connection.
        case add
    }

    let weight: VisionMatrix
    let bias: [Float]?

    /// Computes y on all threads, and hands each finished block to `finish` on the thread that computed it.
    func callAsFunction(
        _ x: Rows,
        into y: Rows,
        _ effect: Effect = .replace,
        on workers: VisionWorkers,
        finish: (_ block: Rows) -> Void = { _ in }
    ) {
        let grid = BlockGrid(rows: x.count, columns: weight.outputs)
        workers.forEach(grid.count) { index, scratch in
            let (rows, columns) = grid[index]
            let block = y[rows, columns]
            compute(x.rows(rows), columns, into: block, effect, scratch: scratch)
            finish(block)
        }
    }

    /// One block on the calling thread: the outputs `columns` for the rows of `x`.
    ///
    /// - Parameter scratch: room for the widened panel, `VisionMatrix.scratchCount` numbers.
    func compute(
        _ x: Rows,
        _ columns: Range<Int>,
        into block: Rows,
        _ effect: Effect = .replace,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let panel = weight.panel(columns, scratch: scratch)
        BLAS.multiplyTransposed(x.matrix, panel, beta: effect == .add ? 1 : 0, into: block)
        bias?.withUnsafeBufferPointer { bias in
            VisionRows.addBias(UnsafeBufferPointer(rebasing: bias[columns]), to: block)
        }
    }
}
