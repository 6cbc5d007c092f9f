import Checkpoints
import Kernels
import Tensors

/// A weight matrix of the vision tower, [outputs, inputs] row-major as the checkpoint has it.
struct VisionMatrix: Sendable {
    private enum Content: Sendable {
        case widened(WidenedTensor)
        case stored(TensorView)
    }

    let outputs, inputs: Int
    private let content: Content

    /// - Parameter tensor: its first dimension is the outputs, the others together are the inputs.
    init(_ tensor: TensorView, storage: VisionWeights.Storage, pool: ThreadPool) {
        (outputs, inputs) = (tensor.rowCount, tensor.rowElements)
        switch storage {
        case .float32:
            content = .widened(WidenedTensor(tensor, pool: pool))
        case .asStored:
            tensor.willNeed()
            content = .stored(tensor)
        }
    }

    /// Float32 numbers of scratch that a panel of a matrix [outputs, inputs] needs.
    static func scratchCount(outputs: Int, inputs: Int, storage: VisionWeights.Storage) -> Int {
        switch storage {
        case .float32: 0
        case .asStored: min(outputs, BlockGrid.columnsPerBlock) * inputs
        }
    }

    /// The weights of `outputs`, [outputs.count, inputs] in float32: in place, or widened into `scratch`.
    func panel(_ outputs: Range<Int>, scratch: UnsafeMutablePointer<Float>) -> BLAS.Matrix {
        switch content {
        case .widened(let weights):
            return BLAS.Matrix(weights.base + outputs.lowerBound * inputs, rows: outputs.count, columns: inputs)
        case .stored(let tensor):
            VisionRows.widen(tensor.bytes(rows: outputs), of: tensor.elementType, into: scratch)
            return BLAS.Matrix(scratch, rows: outputs.count, columns: inputs)
        }
    }
}
