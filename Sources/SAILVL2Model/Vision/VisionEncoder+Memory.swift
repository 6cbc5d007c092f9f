package import Checkpoints
package import Tensors

extension VisionEncoder {
    /// Bytes that the weights take, known before anything is loaded.
    ///
    /// `asStored` counts the pages of the mapped file, which ranks on one machine share.
    ///
    /// - Parameter stored: how the checkpoint stores the tower's matrices (a published one: bfloat16).
    package static func weightBytes(
        _ config: ModelConfig,
        storage: VisionWeights.Storage,
        stored: ElementType = .bfloat16
    ) -> Int {
        let matrixBytes = storage == .float32 ? ElementType.float32.byteCount : stored.byteCount
        return config.expectedVisionTensors.reduce(0) { sum, tensor in
            let bytes = tensor.role == .matrix ? matrixBytes : ElementType.float32.byteCount
            return sum + tensor.shape.reduce(bytes, *)
        }
    }

    /// Bytes of the work areas of one encoder with `threads` threads.
    package static func workBytes(
        _ config: ModelConfig,
        storage: VisionWeights.Storage = .float32,
        threads: Int
    ) -> Int {
        VisionWorkspace.byteCount(config, storage: storage, threads: threads)
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
