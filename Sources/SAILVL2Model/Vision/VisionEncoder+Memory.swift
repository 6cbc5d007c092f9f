package import Checkpoints
import Kernels
package import Tensors

extension VisionEncoder {
    /// Bytes that the weights take, known before anything is loaded.
    ///
    /// - Parameter stored: how the checkpoint stores the tower's matrices (a published one: bfloat16).
    package static func weightBytes(_ config: ModelConfig, stored: ElementType = .bfloat16) -> Int {
        config.expectedVisionTensors.reduce(0) { sum, tensor in
            let elements = tensor.shape.reduce(1, *)
            guard tensor.role == .matrix, let rows = tensor.shape.first else {
                return sum + elements * ElementType.float32.byteCount
            }
            let storage = PackedMatrix.Storage(stored)
            return sum + PackedMatrix.byteCount(rows: rows, columns: elements / rows, storage: storage)
        }
    }

    /// Bytes of the work areas of one encoder with `threads` threads.
    package static func workBytes(_ config: ModelConfig, threads: Int) -> Int {
        VisionWorkspace.byteCount(config, threads: threads)
    }
}

extension ModelConfig {
    /// The tensors of the tower and the projector that the configuration asks for.
    fileprivate var expectedVisionTensors: [ExpectedTensor] {
        expectedTensors.filter { tensor in
            tensor.isRequired && (tensor.name.hasPrefix("vision_model.") || tensor.name.hasPrefix("mlp1."))
        }
    }
}
