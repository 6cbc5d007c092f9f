import Checkpoints
import Kernels
import Tensors

/// A tensor's numbers in float32, in memory of their own.
///
/// Safe because the memory is written by `init` alone and freed with the last reference: in between, threads only read.
final class WidenedTensor: @unchecked Sendable {
    private let memory: ScratchMemory
    let base: UnsafePointer<Float>

    /// Numbers of one task: a megabyte is read from disk ahead of need, and every thread has some.
    private static let elementsPerTask = 1 << 18

    /// Copies the tensor with all threads of `pool` and gives the file's pages back to the system.
    init(_ tensor: TensorView, pool: ThreadPool) {
        memory = ScratchMemory(byteCount: tensor.elementCount * MemoryLayout<Float>.stride)
        let target = memory.floats
        base = UnsafePointer(target)
        tensor.willNeed()
        pool.runRanges(tensor.rowCount, grain: max(1, Self.elementsPerTask / max(tensor.rowElements, 1))) { rows in
            let start = target + rows.lowerBound * tensor.rowElements
            VisionRows.widen(tensor.bytes(rows: rows), of: tensor.elementType, into: start)
        }
        tensor.releasePages()
    }
}
