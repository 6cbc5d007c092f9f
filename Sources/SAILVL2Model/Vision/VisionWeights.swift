package import Checkpoints
package import Kernels
import Tensors

/// The weights of the vision tower and of the projector, loaded once and shared by all encoders of a process.
///
/// Matrices are packed for the kernels in the type that the checkpoint stores. Only the tower's tensors are touched, and
/// no block behind the one whose output is taken.
package final class VisionWeights: Sendable {
    package let config: ModelConfig

    let embedding: PatchEmbedding
    let blocks: [VisionBlock]
    /// Absent where the output of a block is taken as it is.
    let finalNorm: VisionRMSNorm?
    let projector: Projector

    /// Loads with all threads of `pool`; the checkpoint has checked every tensor.
    package init(_ checkpoint: Checkpoint, pool: ThreadPool) {
        let loader = VisionLoader(checkpoint: checkpoint, pool: pool)
        config = checkpoint.config
        embedding = loader.embedding()
        blocks = (0..<config.visionBlocksUsed).map(loader.block)
        finalNorm = config.featureLayer == .lastNormed ? loader.norm(TensorNames.postTrunkNorm) : nil
        projector = loader.projector()
    }
}
