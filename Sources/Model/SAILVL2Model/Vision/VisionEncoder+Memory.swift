package import Checkpoints
package import Kernels
package import Tensors

extension VisionEncoder {
    /// Bytes that the weights take, known before anything is loaded.
    ///
    /// - Parameters:
    ///   - stored: how the checkpoint stores the tower's matrices (a published one: bfloat16).
    ///   - element: what the products take.
    package static func weightBytes(
        _ config: ModelConfig,
        stored: ElementType = .bfloat16,
        element: PackedRows.Element = .float32
    ) -> Int {
        let own = PackedMatrix.Storage(stored)
        return config.expectedVisionTensors.reduce(0) { sum, tensor in
            let elements = tensor.shape.reduce(1, *)
            guard tensor.role == .matrix, let rows = tensor.shape.first else {
                return sum + elements * ElementType.float32.byteCount
            }
            let storage = (tensor.name == TensorNames.patchWeight ? element.ofPixels : element).storage(of: own)
            return sum + PackedMatrix.byteCount(rows: rows, columns: elements / rows, storage: storage)
        }
    }

    /// Bytes of the work areas of one encoder with `threads` threads.
    package static func workBytes(
        _ config: ModelConfig,
        element: PackedRows.Element = .float32,
        threads: Int
    ) -> Int {
        VisionWorkspace.byteCount(config, element: element, threads: threads)
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
