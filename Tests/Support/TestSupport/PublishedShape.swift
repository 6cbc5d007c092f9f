package import Checkpoints

/// Shapes of the published checkpoints, as their config.json has them.
package enum PublishedShape {
    /// SAILViT-Huge with the projector and the decoder of SAIL-VL2-2B.
    package static let twoBillion = ModelConfig(
        decoder: .init(
            layers: 28,
            hidden: 2048,
            heads: 16,
            kvHeads: 8,
            headDim: 128,
            intermediate: 6144,
            vocabulary: 151_936,
            maxPositions: 40_960,
            ropeTheta: 1e6,
            rmsNormEpsilon: 1e-6,
            tiedEmbeddings: true
        ),
        vision: .init(
            layers: 24,
            hidden: 1536,
            heads: 12,
            intermediate: 4096,
            patchSize: 14,
            imageSize: 448,
            rmsNormEpsilon: 1e-5,
            qkvBias: false,
            useBias: false
        ),
        images: .init(
            maxTiles: 10,
            tileSide: 448,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225]
        ),
        modelName: "SAIL-VL2-2B"
    )
}
