internal import Checkpoints
internal import Diagnostics
internal import Foundation
internal import ImagePreprocessing
internal import Kernels
internal import Requests
internal import SAILVL2Model
internal import Tensors

/// Image bytes → tiles → SAILViT → projector → visual tokens, one tile after the other.
///
/// Not `Sendable`: it lives on the thread that computes.
final class TileEncoder {
    private let config: ModelConfig
    private let encoder: VisionEncoder
    private let pixels: FloatBuffer
    private let limits: ImageLimits
    let weightBytes: Int

    /// - Parameters:
    ///   - format: of the tower.
    ///   - helpers: threads besides, which work while nobody else wants their processors.
    ///   - helperProcessors: where they may run; `nil` is wherever the caller may.
    ///   - maxPixels: pictures with more are refused.
    ///   - progress: told how many parts of how many are loaded.
    init(
        _ checkpoint: Checkpoint,
        format: VisionFormat,
        threads: Int,
        helpers: Int = 0,
        helperProcessors: [Int]? = nil,
        maxPixels: Int = ImageLimits.standard.maxPixels,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) {
        config = checkpoint.config
        limits = ImageLimits(maxPixels: maxPixels)
        let pool = ThreadPool(threads: threads, helpers: helpers, helperProcessors: helperProcessors)
        let element = PackedRows.Element(format)
        // Nobody decodes before everything is loaded.
        let loading = helpers == 0 ? pool : ThreadPool(threads: threads + helpers, binding: false)
        let weights = VisionWeights(checkpoint, element: element, pool: loading, progress: progress)
        encoder = VisionEncoder(weights, pool: pool)
        pixels = FloatBuffer(count: 3 * config.images.tileSide * config.images.tileSide)
        let stored = checkpoint.required(TensorNames.projectorInputWeight).elementType
        weightBytes = VisionEncoder.weightBytes(config, stored: stored, element: element)
    }

    var tokensPerTile: Int { config.visualTokensPerTile }
    var hidden: Int { config.decoder.hidden }

    /// Decodes an image, to be cut into tiles.
    ///
    /// - Parameter cut: how; `nil` is the checkpoint's own way.
    func sheet(of image: [UInt8], cut: PictureCut?) throws -> TileSheet {
        let tiler = tiler(cut)
        return tiler.sheet(of: try tiler.decode(image, limits: limits))
    }

    /// All tiles of an image.
    func tiles(of image: [UInt8], cut: PictureCut?) throws -> [RGBTile] {
        let sheet = try sheet(of: image, cut: cut)
        return sheet.tiles(0..<sheet.count)
    }

    /// How many tiles an image becomes, by its header alone.
    func tileCount(of image: [UInt8], cut: PictureCut?) throws -> Int {
        try tiler(cut).layout(of: image, limits: limits).tileCount
    }

    private func tiler(_ cut: PictureCut?) -> Tiler {
        let own = PictureCut(maxTiles: config.images.maxTiles, tiling: config.images.usesMSAC ? .msac : .standard)
        return Tiler(side: config.images.tileSide, cut: cut ?? own)
    }

    /// The visual tokens of a tile, `[visual tokens per tile, hidden]`; `nil` when `shouldStop` said so.
    func encode(_ tile: RGBTile, shouldStop: () -> Bool) -> FloatBuffer? {
        PixelValues.write(tile, mean: config.images.mean, std: config.images.std, into: pixels.pointer)
        let tokens = FloatBuffer(count: tokensPerTile * hidden)
        let isDone = encoder.encode(
            UnsafeBufferPointer(start: pixels.pointer, count: pixels.count),
            into: UnsafeMutableBufferPointer(start: tokens.pointer, count: tokens.count),
            shouldStop: shouldStop
        )
        return isDone ? tokens : nil
    }
}
