import Checkpoints
import Kernels

/// Makes the tower's layers from the tensors of a checkpoint.
struct VisionLoader {
    let checkpoint: Checkpoint
    let storage: VisionWeights.Storage
    let pool: ThreadPool

    private var vision: ModelConfig.Vision { checkpoint.config.vision }

    func embedding() -> PatchEmbedding {
        PatchEmbedding(
            projection: linear(TensorNames.patchWeight, TensorNames.patchBias),
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
                projection: linear(names.projWeight, names.projBias),
                heads: vision.heads,
                headDim: vision.headDim
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
        Projector(
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
    private func linear(_ weight: String, _ bias: String) -> VisionLinear {
        VisionLinear(
            weight: VisionMatrix(checkpoint.required(weight), storage: storage, pool: pool),
            bias: checkpoint.tensor(bias)?.floats()
        )
    }

    private func vector(_ name: String) -> [Float] { checkpoint.required(name).floats() }
}
