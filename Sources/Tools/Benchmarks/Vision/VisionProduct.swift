package import Checkpoints

/// The matrix products of one tile, from the configuration alone: what the tower costs.
package struct VisionProduct: Sendable, Equatable {
    package let name: String
    /// [rows, depth] · [depth, columns].
    package let rows, columns, depth: Int
    /// How often it is computed for a tile.
    package let count: Int

    /// Whether it is one of the projector's.
    package var isProjectors: Bool { name.hasPrefix("mlp1") }

    /// Whether its factors are floats in a tower of eight bits too: pixels, and what attention multiplies.
    package var staysFloat: Bool { ["patches", "scores", "values"].contains(name) }

    /// Multiplications and additions of all `count`.
    package var operations: Double { 2 * Double(rows) * Double(columns) * Double(depth) * Double(count) }

    /// Every product of a tile, in the order of the computation.
    ///
    /// SAILViT-Huge at 448 × 448: 1.55 · 10¹² operations, of which attention's scores and values are a tenth.
    package static func ofTile(_ config: ModelConfig) -> [VisionProduct] {
        let (vision, patches, tokens) = (config.vision, config.patchesPerTile, config.visualTokensPerTile)
        let (blocks, hidden, output) = (config.visionBlocksUsed, vision.hidden, config.decoder.hidden)
        func product(_ name: String, _ rows: Int, _ columns: Int, _ depth: Int, _ count: Int) -> VisionProduct {
            VisionProduct(name: name, rows: rows, columns: columns, depth: depth, count: count)
        }
        return [
            product("patches", patches, hidden, 3 * vision.patchSize * vision.patchSize, 1),
            product("qkv", patches, 3 * hidden, hidden, blocks),
            product("scores", patches, patches, vision.headDim, blocks * vision.heads),
            product("values", patches, vision.headDim, patches, blocks * vision.heads),
            product("proj", patches, hidden, hidden, blocks),
            product("fc1, fc3", patches, vision.intermediate, hidden, 2 * blocks),
            product("fc2", patches, hidden, vision.intermediate, blocks),
            product("mlp1.1", tokens, output, config.mergedFeatures, 1),
            product("mlp1.3", tokens, output, output, 1),
        ]
    }
}
