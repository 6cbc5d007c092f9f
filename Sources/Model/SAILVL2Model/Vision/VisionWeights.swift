package import Checkpoints
package import Kernels
import Tensors

/// The weights of the vision tower and of the projector, loaded once and shared by all encoders of a process.
///
/// Matrices are packed for the kernels in the type that the checkpoint stores, or in bfloat16 where the group runs in that
/// format: its products then take activations that are rounded too, as Hugging Face's do. Only the tower's tensors are
/// touched, and no block behind the one whose output is taken.
package final class VisionWeights: Sendable {
    package let config: ModelConfig
    /// What the products of the tower take for an activation.
    package let element: PackedRows.Element

    let embedding: PatchEmbedding
    let blocks: [VisionBlock]
    /// Absent where the output of a block is taken as it is.
    let finalNorm: VisionRMSNorm?
    let projector: Projector

    /// Loads with all threads of `pool`; the checkpoint has checked every tensor.
    ///
    /// - Parameters:
    ///   - element: what the products take, as `PackedRows.Element(format)` says for a group.
    ///   - progress: told how many blocks of how many are loaded.
    package init(
        _ checkpoint: Checkpoint,
        element: PackedRows.Element = .float32,
        pool: ThreadPool,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) {
        self.element = element
        let loader = VisionLoader(checkpoint: checkpoint, element: element, pool: pool)
        config = checkpoint.config
        embedding = loader.embedding()
        let count = config.visionBlocksUsed
        blocks = (0..<count).map { index in
            defer { progress(index + 1, count) }
            return loader.block(index)
        }
        finalNorm = config.featureLayer == .lastNormed ? loader.norm(TensorNames.postTrunkNorm) : nil
        projector = loader.projector()
    }
}

extension PackedRows.Element {
    /// What the tower's products take when the group runs in `format`: rounded activations in `bf16` alone.
    package init(_ format: WeightFormat) { self = format == .bf16 ? .bfloat16 : .float32 }
}
