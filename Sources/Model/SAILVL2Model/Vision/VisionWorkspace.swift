import Checkpoints
import Kernels
import Tensors

/// The activations of one tile on its way through the tower, allocated once and named for what they hold.
///
/// What a product reads is packed by whoever computes it, in the element that the tower's products take. Not `Sendable`:
/// it belongs to one encoder, which computes one tile at a time.
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

    init(_ config: ModelConfig, element: PackedRows.Element, pool: ThreadPool) {
        let memory = ScratchMemory(byteCount: Self.activationCount(config, element) * MemoryLayout<Float>.stride)
        var next = memory.floats
        func rows(_ shape: Shape) -> Rows {
            defer { next += Self.padded(shape.words(element)) }
            return Rows(next, count: shape.rows, width: shape.columns)
        }
        func packed(_ shape: Shape) -> PackedRows {
            defer { next += Self.padded(shape.words(element)) }
            return PackedRows(next, count: shape.rows, width: shape.columns, element: shape.element(of: element))
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
        pool.reserveScratch(floatsPerThread: Self.scratchCount(config, element))
    }

    deinit { pool.settle() }

    /// Bytes of all activations, of the packed keys and values, and of the work areas of `threads` threads.
    static func byteCount(_ config: ModelConfig, element: PackedRows.Element, threads: Int) -> Int {
        let (patches, vision) = (config.patchesPerTile, config.vision)
        let floats = activationCount(config, element) + threads * scratchCount(config, element)
        return floats * MemoryLayout<Float>.stride
            + FullAttention.byteCount(tokens: patches, heads: vision.heads, headDim: vision.headDim)
    }

    private struct Shape {
        let rows, columns: Int
        /// Whether a product reads it, and whether that is the one of the pixels.
        var isPacked = true
        var isPixels = false

        func element(of tower: PackedRows.Element) -> PackedRows.Element { isPixels ? tower.ofPixels : tower }

        func words(_ tower: PackedRows.Element) -> Int {
            rows * (isPacked ? element(of: tower).words(width: columns) : columns)
        }
    }

    /// Each activation's shape, in the order of the properties.
    private static func shapes(_ config: ModelConfig) -> [Shape] {
        let (patches, tokens, vision) = (config.patchesPerTile, config.visualTokensPerTile, config.vision)
        return [
            Shape(rows: patches, columns: 3 * vision.patchSize * vision.patchSize, isPixels: true),
            Shape(rows: patches, columns: vision.hidden, isPacked: false),
            Shape(rows: patches, columns: vision.hidden),
            Shape(rows: patches, columns: 3 * vision.hidden, isPacked: false),
            Shape(rows: patches, columns: vision.hidden),
            Shape(rows: patches, columns: vision.intermediate),
            Shape(rows: tokens, columns: config.mergedFeatures),
            Shape(rows: tokens, columns: config.decoder.hidden),
        ]
    }

    private static func activationCount(_ config: ModelConfig, _ element: PackedRows.Element) -> Int {
        shapes(config).reduce(0) { $0 + padded($1.words(element)) }
    }

    /// Every activation starts on a cache line of its own.
    private static func padded(_ count: Int) -> Int { count.dividedRoundingUp(by: 16) * 16 }

    /// The most that any step needs: a block of fc1 and fc3, a head's scores, or the widest rows on their way.
    private static func scratchCount(_ config: ModelConfig, _ element: PackedRows.Element) -> Int {
        let vision = config.vision
        let widest = max(
            config.mergedFeatures,
            vision.hidden,
            3 * vision.patchSize * vision.patchSize
        )
        return max(
            BlockProduct.scratchCount(results: 2),
            FullAttention.scratchCount(
                tokens: config.patchesPerTile,
                headDim: vision.headDim,
                heads: vision.heads,
                into: element
            ),
            PackedRows.scratchCount(width: widest)
        )
    }
}
