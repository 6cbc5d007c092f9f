import Checkpoints
import Kernels
import Tensors

/// The activations of one tile on its way through the tower, allocated once and named for what they hold.
///
/// What a product reads is packed by whoever computes it. Not `Sendable`: it belongs to one encoder, which computes one
/// tile at a time.
final class VisionWorkspace {
    /// The patches' pixels, [patches, 3 · patchSize²].
    let patches: PackedRows
    /// The residual stream x, [patches, hidden].
    let hidden: Rows
    /// x after a norm, [patches, hidden].
    let normed: PackedRows
    /// [q | k | v] of all heads, [patches, 3 · hidden].
    let queriesKeysValues: Rows
    /// The heads' outputs side by side, [patches, hidden].
    let attended: PackedRows
    /// silu(fc1) · fc3, [patches, intermediate].
    let gated: PackedRows
    /// The merged features, [visual tokens, merged features].
    let merged: PackedRows
    /// The projector's inner layer, [visual tokens, decoder hidden].
    let projected: PackedRows
    let attention: FullAttention
    let pool: ThreadPool

    private let memory: ScratchMemory

    init(_ config: ModelConfig, pool: ThreadPool) {
        let memory = ScratchMemory(byteCount: Self.activationCount(config) * MemoryLayout<Float>.stride)
        var next = memory.floats
        func rows(_ shape: (rows: Int, columns: Int)) -> Rows {
            defer { next += Self.padded(shape.rows * shape.columns) }
            return Rows(next, count: shape.rows, width: shape.columns)
        }
        func packed(_ shape: (rows: Int, columns: Int)) -> PackedRows {
            let rows = rows(shape)
            return PackedRows(rows.base, count: rows.count, width: rows.width)
        }
        let shapes = Self.shapes(config)
        patches = packed(shapes[0])
        hidden = rows(shapes[1])
        normed = packed(shapes[2])
        queriesKeysValues = rows(shapes[3])
        attended = packed(shapes[4])
        gated = packed(shapes[5])
        merged = packed(shapes[6])
        projected = packed(shapes[7])
        let vision = config.vision
        attention = FullAttention(tokens: config.patchesPerTile, heads: vision.heads, headDim: vision.headDim)
        self.memory = memory
        self.pool = pool
    }

    /// Bytes of all activations, of the packed keys and values, and of the work areas of `threads` threads.
    static func byteCount(_ config: ModelConfig, threads: Int) -> Int {
        let (patches, vision) = (config.patchesPerTile, config.vision)
        let floats = activationCount(config) + threads * scratchCount(config)
        return floats * MemoryLayout<Float>.stride
            + FullAttention.byteCount(tokens: patches, heads: vision.heads, headDim: vision.headDim)
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

    /// The most that any step needs: a block of fc1 and fc3, a head's scores, or the widest rows on their way.
    private static func scratchCount(_ config: ModelConfig) -> Int {
        let widest = max(
            config.mergedFeatures,
            config.vision.hidden,
            3 * config.vision.patchSize * config.vision.patchSize
        )
        return max(
            BlockProduct.scratchCount(results: 2),
            FullAttention.scratchCount(tokens: config.patchesPerTile, headDim: config.vision.headDim),
            PackedRows.scratchCount(width: widest)
        )
    }
}
