/// The shape of a SAIL-VL2 model: everything that `config.json` and `preprocessor_config.json` fix.
///
/// A value of this type has been checked: sizes are positive and bounded, heads divide, patches fill the tile.
/// Hugging Face: `SAILVLConfig`, with `Qwen3Config` as `llm_config` and `SAILViTConfig` as `vision_config`.
package struct ModelConfig: Sendable, Equatable {
    /// The Qwen3 decoder.
    package struct Decoder: Sendable, Equatable {
        package var layers, hidden, heads, kvHeads: Int
        /// A field of its own: it need not be `hidden / heads`.
        package var headDim: Int
        package var intermediate, vocabulary, maxPositions: Int
        package var ropeTheta: Double
        package var rmsNormEpsilon: Float
        /// The embedding is the head too, whether or not the file holds a head.
        package var tiedEmbeddings: Bool

        package init(
            layers: Int,
            hidden: Int,
            heads: Int,
            kvHeads: Int,
            headDim: Int,
            intermediate: Int,
            vocabulary: Int,
            maxPositions: Int,
            ropeTheta: Double,
            rmsNormEpsilon: Float,
            tiedEmbeddings: Bool
        ) {
            (self.layers, self.hidden, self.heads, self.kvHeads) = (layers, hidden, heads, kvHeads)
            (self.headDim, self.intermediate, self.vocabulary) = (headDim, intermediate, vocabulary)
            (self.maxPositions, self.ropeTheta) = (maxPositions, ropeTheta)
            (self.rmsNormEpsilon, self.tiedEmbeddings) = (rmsNormEpsilon, tiedEmbeddings)
        }
    }

    /// The SAILViT tower.
    package struct Vision: Sendable, Equatable {
        package var layers, hidden, heads, intermediate: Int
        /// Sides in pixels of a patch and of the image that the positions are made for.
        package var patchSize, imageSize: Int
        package var rmsNormEpsilon: Float
        package var qkvBias, useBias: Bool

        package var headDim: Int { hidden / heads }

        package init(
            layers: Int,
            hidden: Int,
            heads: Int,
            intermediate: Int,
            patchSize: Int,
            imageSize: Int,
            rmsNormEpsilon: Float,
            qkvBias: Bool,
            useBias: Bool
        ) {
            (self.layers, self.hidden, self.heads, self.intermediate) = (layers, hidden, heads, intermediate)
            (self.patchSize, self.imageSize, self.rmsNormEpsilon) = (patchSize, imageSize, rmsNormEpsilon)
            (self.qkvBias, self.useBias) = (qkvBias, useBias)
        }
    }

    /// How an image becomes tiles and pixel values.
    package struct Images: Sendable, Equatable {
        /// The most tiles that an image is cut into, its thumbnail not counted.
        package var maxTiles: Int
        /// Whether a picture is cut into a second grid as well (multi-scale adaptive cropping).
        package var usesMSAC = false
        /// The side of a tile in pixels.
        package var tileSide: Int
        /// Three numbers each, for red, green and blue in 0…1.
        package var mean, std: [Float]

        package init(maxTiles: Int, tileSide: Int, mean: [Float], std: [Float]) {
            (self.maxTiles, self.tileSide, self.mean, self.std) = (maxTiles, tileSide, mean, std)
        }
    }

    /// In which order the merged patches of a tile are listed: `v2` row by row, `v1` transposed.
    package enum PixelShuffle: String, Sendable, CaseIterable {
        case v1, v2
    }

    /// Which features of the vision tower go to the projector.
    package enum FeatureLayer: Sendable, Equatable {
        /// The last block's output after the final norm (`select_layer` −1).
        case lastNormed
        /// The output of this block as it is, without the final norm.
        case block(Int)
    }

    package var decoder: Decoder
    package var vision: Vision
    package var images: Images
    package var featureLayer: FeatureLayer
    /// How many patches along a side are merged into one visual token: 1 / `downsample_ratio`.
    package var mergeSide: Int
    package var pixelShuffle: PixelShuffle
    /// The name of the checkpoint's directory.
    package var modelName: String

    package init(
        decoder: Decoder,
        vision: Vision,
        images: Images,
        featureLayer: FeatureLayer = .lastNormed,
        mergeSide: Int = 2,
        pixelShuffle: PixelShuffle = .v2,
        modelName: String
    ) {
        (self.decoder, self.vision, self.images) = (decoder, vision, images)
        (self.featureLayer, self.mergeSide, self.pixelShuffle) = (featureLayer, mergeSide, pixelShuffle)
        self.modelName = modelName
    }
}

extension ModelConfig {
    /// Patches along the side of a tile.
    package var patchGrid: Int { images.tileSide / vision.patchSize }
    package var patchesPerTile: Int { patchGrid * patchGrid }
    package var visualTokensPerTile: Int { patchesPerTile / (mergeSide * mergeSide) }
    /// The width of a merged feature, which the projector takes: mergeSide² × vision hidden.
    package var mergedFeatures: Int { mergeSide * mergeSide * vision.hidden }

    /// How many vision blocks run: those after the one whose output is taken are not needed.
    package var visionBlocksUsed: Int {
        switch featureLayer {
        case .lastNormed: vision.layers
        case .block(let index): index + 1
        }
    }
}
