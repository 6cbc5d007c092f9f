package import Checkpoints
package import Kernels
import Tensors

/// The weights of the vision tower and of the projector, loaded once and shared by all encoders of a process.
///
/// Only the tower's tensors are touched, and no block behind the one whose output is taken.
package final class VisionWeights: Sendable {
    /// How the matrices are held; both give the same bits, since widening is exact.
    package enum Storage: String, Sendable, CaseIterable {
        /// Widened once, at loading: four bytes a number, the fastest.
        case float32
        /// Left in the mapped file and widened panel by panel just before each product.
        ///
        /// Ranks that share a machine share the pages.
        case asStored
    }

    package let config: ModelConfig
    package let storage: Storage

    let embedding: PatchEmbedding
    let blocks: [VisionBlock]
    /// Absent where the output of a block is taken as it is.
    let finalNorm: VisionRMSNorm?
    let merge: TokenMerge
    let projector: Projector

    /// Loads with all threads of `pool`; the checkpoint has checked every tensor.
    package init(_ checkpoint: Checkpoint, storage: Storage = .float32, pool: ThreadPool) {
        let loader = VisionLoader(checkpoint: checkpoint, storage: storage, pool: pool)
        config = checkpoint.config
        self.storage = storage
        embedding = loader.embedding()
        blocks = (0..<config.visionBlocksUsed).map(loader.block)
        finalNorm = config.featureLayer == .lastNormed ? loader.norm(TensorNames.postTrunkNorm) : nil
        merge = TokenMerge(side: config.mergeSide, order: config.pixelShuffle, patchGrid: config.patchGrid)
        projector = loader.projector()
    }
}
