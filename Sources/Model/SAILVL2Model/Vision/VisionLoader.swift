import Checkpoints
import Kernels
import Tensors

/// Makes the tower's layers from the tensors of a checkpoint.
struct VisionLoader {
    let checkpoint: Checkpoint
    /// What the products take for an activation, which the weights are packed for.
    let element: PackedRows.Element
    let pool: ThreadPool

    private var vision: ModelConfig.Vision { checkpoint.config.vision }

    func embedding() -> PatchEmbedding {
        PatchEmbedding(
            projection: linear(TensorNames.patchWeight, TensorNames.patchBias, element.ofPixels),
            norm: norm(TensorNames.patchNorm),
            positions: vector(TensorNames.positions),
            patchSize: vision.patchSize,
            patchGrid: checkpoint.config.patchGrid
        )
    }

    func block(_ index: Int) -> VisionBlock {
        let names = TensorNames.block(index)
        return VisionBlock(
            norm1: norm(names.norm1),
            attention: VisionAttention(
                qkv: linear(names.qkvWeight, names.qkvBias),
                projection: linear(names.projWeight, names.projBias)
            ),
            norm2: norm(names.norm2),
            mlp: VisionMLP(
                fc1: linear(names.fc1Weight, names.fc1Bias),
                fc2: linear(names.fc2Weight, names.fc2Bias),
                fc3: linear(names.fc3Weight, names.fc3Bias)
            )
        )
    }

    func projector() -> Projector {
        let config = checkpoint.config
        return Projector(
            merge: TokenMerge(side: config.mergeSide, order: config.pixelShuffle, patchGrid: config.patchGrid),
            normWeight: vector(TensorNames.projectorNormWeight),
            normBias: vector(TensorNames.projectorNormBias),
            input: linear(TensorNames.projectorInputWeight, TensorNames.projectorInputBias),
            output: linear(TensorNames.projectorOutputWeight, TensorNames.projectorOutputBias)
        )
    }

    func norm(_ name: String) -> VisionRMSNorm {
        VisionRMSNorm(weight: vector(name), epsilon: vision.rmsNormEpsilon)
    }

    /// A layer with the bias that the checkpoint may have.
    private func linear(_ weight: String, _ bias: String, _ element: PackedRows.Element? = nil) -> VisionLinear {
        VisionLinear(
            weight: matrix(checkpoint.required(weight), element ?? self.element),
            bias: checkpoint.tensor(bias)?.floats()
        )
    }

    /// Packs a matrix as it is stored, rounded to bfloat16 or quantised: its first dimension is the outputs, the others
    /// together are the inputs.
    private func matrix(_ tensor: TensorView, _ element: PackedRows.Element) -> PackedMatrix {
        let (rows, columns) = (tensor.rowCount, tensor.rowElements)
        let storage = element.storage(of: PackedMatrix.Storage(tensor.elementType))
        let matrix = PackedMatrix(rows: rows, columns: columns, storage: storage)
        tensor.willNeed()
        matrix.load(tensor, rows: 0..<rows, columns: 0..<columns, at: 0, pool: pool)
        return matrix
    }

    private func vector(_ name: String) -> [Float] { checkpoint.required(name).floats() }
}
