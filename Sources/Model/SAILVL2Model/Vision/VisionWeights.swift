package import Checkpoints
package import Kernels
import Tensors

/// The weights of the vision tower and of the projector, loaded once and shared by all encoders of a process.
///
/// Matrices are packed for the kernels in the type that the checkpoint stores, rounded to bfloat16 or quantised: products
/// then take activations that are rounded, as Hugging Face's do, or quantised too. Only the tower's tensors are touched,
/// and no block behind the one whose output is taken.
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
    ///   - element: what the products take, as `PackedRows.Element(format)` says.
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
    /// What the tower's products take in a format.
    package init(_ format: VisionFormat) {
        switch format {
        case .native: self = .float32
        case .bf16: self = .bfloat16
        case .q8: self = .q8
        }
    }

    /// What the product of the pixels takes: a thousandth of the work, on which everything else stands, is not quantised.
    var ofPixels: Self { self == .q8 ? .float32 : self }
}
