import Kernels

/// A linear layer, y = x · weightᵀ + bias, computed block by block on all threads.
///
/// x [patches, inputs], weight [outputs, inputs] packed for x's element, bias [outputs] where the checkpoint has one,
/// y [patches, outputs].
struct VisionLinear: Sendable {
    let weight: PackedMatrix
    let bias: [Float]?

    /// Computes every block of y, and hands each to `finish` on the thread that has just computed it.
    ///
    /// - Parameter activation: what becomes of y first, in place.
    func callAsFunction(
        _ x: PackedRows,
        on pool: ThreadPool,
        activation: @escaping (_ y: Rows) -> Void = { _ in },
        finish: (_ y: Rows, _ block: BlockProduct) -> Void
    ) {
        BlockProduct.forEach(x, outputs: weight.rows, on: pool) { block in
            activation(self(block))
        } finish: { block in
            finish(block.result(), block)
        }
    }

    /// y for one block, [block.tokens, block.outputs], in the work area `result` of the calling thread.
    func callAsFunction(_ block: BlockProduct, result: Int = 0) -> Rows {
        let y = block(weight, result: result)
        bias?.withUnsafeBufferPointer { bias in
            RowOperations.addBias(UnsafeBufferPointer(rebasing: bias[block.outputs]), to: y)
        }
        return y
    }
}
