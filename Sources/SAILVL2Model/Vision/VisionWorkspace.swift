import Checkpoints
import Kernels
import Tensors

/// The activations of one tile on its way through the tower, allocated once and named for what they hold.
///
/// Not `Sendable`: it belongs to one encoder, which computes one tile at a time.
final class VisionWorkspace {
    /// The patches' pixels, [patches, 3 · patchSize²].
    let patches: Rows
    /// The residual stream x, [patches, hidden].
    let hidden: Rows
    /// x after a norm, [patches, hidden].
    let normed: Rows
    /// [q | k | v] of all heads, [patches, 3 · hidden].
    let queriesKeysValues: Rows
    /// The heads' outputs side by side, [patches, hidden].
    let attended: Rows
    /// silu(fc1) · fc3, [patches, intermediate].
    let gated: Rows
    /// The merged features, [visual tokens, merged features].
    let merged: Rows
    /// The projector's inner layer, [visual tokens, decoder hidden].
    let projected: Rows
    let workers: VisionWorkers

    private let memory: FloatBuffer

    init(_ config: ModelConfig, storage: VisionWeights.Storage, pool: ThreadPool) {
        let shapes = Self.shapes(config)
        let memory = FloatBuffer(count: Self.activationCount(config))
        var next = memory.pointer
        let parts = shapes.map { shape in
            defer { next += Self.padded(shape.rows * shape.columns) }
            return Rows(next, count: shape.rows, width: shape.columns)
        }
        self.memory = memory
        (patches, hidden, normed, queriesKeysValues) = (parts[0], parts[1], parts[2], parts[3])
        (attended, gated, merged, projected) = (parts[4], parts[5], parts[6], parts[7])
        workers = VisionWorkers(pool: pool, scratchCount: Self.scratchCount(config, storage))
    }

    /// Bytes of all activations and of the scratch of `threads` threads.
    static func byteCount(_ config: ModelConfig, storage: VisionWeights.Storage, threads: Int) -> Int {
        let scratch = threads * scratchCount(config, storage)
        return (activationCount(config) + scratch) * MemoryLayout<Float>.stride
    }

    /// Each activation's shape, in the order of the properties.
    private static func shapes(_ config: ModelConfig) -> [(rows: Int, columns: Int)] {
        let (patches, tokens, vision) = (config.patchesPerTile, config.visualTokensPerTile, config.vision)
        return [
            (patches, 3 * vision.patchSize * vision.patchSize), (patches, vision.hidden), (patches, vision.hidden),
            (patches, 3 * vision.hidden), (patches, vision.hidden), (patches, vision.intermediate),
            (tokens, config.mergedFeatures), (tokens, config.decoder.hidden),
        ]
    }

    private static func activationCount(_ config: ModelConfig) -> Int {
        shapes(config).reduce(0) { $0 + padded($1.rows * $1.columns) }
    }

    /// Every activation starts on a cache line of its own.
    private static func padded(_ count: Int) -> Int { count.dividedRoundingUp(by: 16) * 16 }

    /// The most that any block needs: a head's scores, a widened panel, or a block of fc3's output and a panel.
    private static func scratchCount(_ config: ModelConfig, _ storage: VisionWeights.Storage) -> Int {
        let (vision, patches) = (config.vision, config.patchesPerTile)
        let widest = max(
            vision.intermediate,
            config.mergedFeatures,
            config.decoder.hidden,
            3 * vision.patchSize * vision.patchSize
        )
        let outputs = max(3 * vision.hidden, config.decoder.hidden)
        return max(
            VisionAttention.scratchCount(patches: patches),
            VisionMatrix.scratchCount(outputs: outputs, inputs: widest, storage: storage),
            VisionMLP.scratchCount(
                patches: patches,
                hidden: vision.hidden,
                intermediate: vision.intermediate,
                storage: storage
            )
        )
    }
}
