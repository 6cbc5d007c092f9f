internal import CKernels

/// What sampling asks of a row of logits, or of one rank's shard of it.
package enum Logits {
    /// Rows of the vocabulary that one sum of exponentials covers.
    package static let blockRows = 1024

    /// The largest value and the lowest index that has it.
    package static func argmax(
        _ x: UnsafePointer<Float>,
        count: Int,
        kernels: KernelSet = .active
    ) -> (index: Int, value: Float) {
        precondition(count >= 1, "the largest of \(count) logits")
        var value: Float = 0
        let index = kernels.table.pointee.argmax(x, count, &value)
        return (index, value)
    }

    /// Sums of `exp((x − shift) · factor)` over blocks of the vocabulary, so that shards can be added in one order.
    ///
    /// Adding the blocks of all shards in rising order gives the same bits for every number of shards, provided that
    /// shards begin at a multiple of the block.
    ///
    /// - Parameters:
    ///   - firstRow: The shard's first row in the vocabulary, a multiple of `blockRows`.
    ///   - shift: The largest logit of the whole vocabulary.
    ///   - factor: 1 / temperature.
    package static func sumExpBlocks(
        _ x: UnsafePointer<Float>,
        count: Int,
        firstRow: Int,
        shift: Float,
        factor: Float = 1,
        blockRows: Int = blockRows,
        kernels: KernelSet = .active
    ) -> [Float] {
        precondition(blockRows >= 1 && firstRow % blockRows == 0, "row \(firstRow), blocks of \(blockRows)")
        return stride(from: 0, to: count, by: blockRows).map { begin in
            kernels.table.pointee.sum_exp(x + begin, min(blockRows, count - begin), shift, factor)
        }
    }
}
