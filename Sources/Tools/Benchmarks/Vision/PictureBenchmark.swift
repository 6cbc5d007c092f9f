package import Checkpoints
internal import Communication
internal import ImagePreprocessing
internal import Kernels
internal import Requests
internal import SAILVL2Model
internal import Sharding
internal import Tensors

/// The time to the first token behind a picture, whole: its bytes, pixels, tiles, the tower, the projector, the prompt, and the
/// choice, one after the other on the same threads.
///
/// In a group the tower of one tile runs beside the prompt's part of the one before, on other processors; here nothing
/// overlaps, so that each part has its own share of what the processor can do.
package final class PictureBenchmark {
    private let checkpoint: Checkpoint
    private let format: WeightFormat
    private let pool: ThreadPool
    private let encoder: VisionEncoder
    private let decoder: Qwen3Decoder
    private let probe: MachineProbe
    private let chunk: Int
    private let tiler: Tiler

    /// Tokens of the prompt besides the visual ones, half of them before these.
    package static let textTokens = 32

    /// Loads the tower and the whole decoder.
    ///
    /// - Parameters:
    ///   - vision: the tower's format; `nil` is what goes with `format`.
    ///   - mostTiles: of the pictures that are to come.
    ///   - chunk: tokens of the prompt in a step; a group's, where it is not told otherwise.
    package init(
        _ checkpoint: Checkpoint,
        format: WeightFormat,
        vision: VisionFormat? = nil,
        threads: Int,
        mostTiles: Int,
        chunk: Int = 256
    ) throws {
        (self.checkpoint, self.format, self.chunk) = (checkpoint, format, chunk)
        let config = checkpoint.config
        pool = ThreadPool(threads: threads)
        let element = PackedRows.Element(vision ?? VisionFormat(of: format))
        encoder = VisionEncoder(VisionWeights(checkpoint, element: element, pool: pool), pool: pool)
        let tokens = mostTiles * config.visualTokensPerTile + Self.textTokens
        decoder = try BenchmarkModel.decoder(
            checkpoint,
            format: format,
            plan: try ShardPlan(config.decoder, ranks: 1),
            sizes: .init(cacheTokens: tokens + 1, rows: chunk, sequences: 1),
            communicator: SoloCommunicator(),
            pool: pool
        )
        // Only its registers are measured here.
        probe = MachineProbe(pool: pool, bytes: 1 << 20)
        let tiling: PictureCut.Tiling = config.images.usesMSAC ? .msac : .standard
        tiler = Tiler(
            side: config.images.tileSide,
            cut: PictureCut(maxTiles: max(config.images.maxTiles, mostTiles - 1), tiling: tiling)
        )
    }

    /// Measures a made-up picture that is cut into so many tiles, the thumbnail included where there are several.
    ///
    /// - Parameter rounds: that count; one more goes ahead.
    package func run(tiles: Int, rounds: Int) throws -> PictureReport {
        let file = try Self.picture(tiles: tiles, side: tiler.side)
        let found = try tiler.layout(of: file).tileCount
        let work = try PictureWork(checkpoint.config, tiles: found, text: Self.textTokens)
        let tower = VisionBenchmark.peakName(encoder.weights.element)
        var measured: [PictureReport.Round] = []
        for round in 0...rounds {
            let ideal = ideal(work)
            let seconds = try seconds(file)
            if round > 0 { measured.append(.init(seconds: seconds, ideal: ideal)) }
        }
        return PictureReport(
            model: checkpoint.config.modelName,
            tiles: found,
            tokens: found * checkpoint.config.visualTokensPerTile + Self.textTokens,
            rounds: measured,
            ceilings: [.tower: tower, .projector: tower, .prefill: format.peakName]
        )
    }

    private func ideal(_ work: PictureWork) -> [PictureReport.Part: Double] {
        let rate = { [probe] (format: WeightFormat) in probe.peak(of: format, rounds: 1_000_000) }
        let products = VisionProduct.ofTile(checkpoint.config)
        let ofTower = { [probe, encoder] (isProjectors: Bool) in
            VisionBenchmark.peak(products.filter { $0.isProjectors == isProjectors }, encoder.weights.element, probe)
        }
        return [
            .tower: work.tower / ofTower(false),
            .projector: work.projector / ofTower(true),
            .prefill: work.products / rate(format) + work.attention / rate(.native),
        ]
    }

    /// One picture, from its bytes to a token.
    private func seconds(_ file: [UInt8]) throws -> [PictureReport.Part: Double] {
        var clock = PartClock()
        let image = try tiler.decode(file)
        clock.lap(.decode)
        let tiles = tiler.tiles(of: image)
        clock.lap(.tiles)
        let config = checkpoint.config
        let width = config.visualTokensPerTile * config.decoder.hidden
        let visual = FloatBuffer(count: tiles.count * width)
        let pixels = FloatBuffer(count: PixelValues.count(side: tiler.side))
        for (index, tile) in tiles.enumerated() {
            PixelValues.write(tile, mean: config.images.mean, std: config.images.std, into: pixels.pointer)
            clock.lap(.pixels)
            var asked = 0
            let place = UnsafeMutableBufferPointer(start: visual.pointer + index * width, count: width)
            _ = encoder.encode(UnsafeBufferPointer(start: pixels.pointer, count: pixels.count), into: place) {
                // Asked before each block, and then before the projector.
                if asked == encoder.config.visionBlocksUsed { clock.lap(.tower) }
                asked += 1
                return false
            }
            clock.lap(.projector)
        }
        let logits = try prefill(visual, tiles: tiles.count)
        clock.lap(.prefill)
        _ = Logits.argmax(logits, count: config.decoder.vocabulary)
        clock.lap(.choice)
        return clock.seconds
    }

    /// Takes text, visual tokens and text in, in steps as a group's are.
    private func prefill(_ visual: FloatBuffer, tiles: Int) throws -> UnsafePointer<Float> {
        let config = checkpoint.config
        let before = Self.textTokens / 2
        let pictured = before..<(before + tiles * config.visualTokensPerTile)
        let count = pictured.count + Self.textTokens
        let pages = (0..<Int32(KVLayout.pages(for: count))).map { $0 }
        var logits: UnsafePointer<Float>?
        for start in stride(from: 0, to: count, by: chunk) {
            let range = start..<min(start + chunk, count)
            let part = pictured.clamped(to: range)
            var rows: [DecoderBatch.VisualRows] = []
            if !part.isEmpty {
                let tokens = visual.pointer + (part.lowerBound - before) * config.decoder.hidden
                rows = [.init(row: part.lowerBound - start, count: part.count, tokens: UnsafePointer(tokens))]
            }
            logits = try decoder.forward(
                DecoderBatch(
                    tokens: range.map { Int32($0 * 7919 % config.decoder.vocabulary) },
                    runs: [.init(start: start, count: range.count, pages: pages)],
                    visual: rows,
                    logitsRows: range.upperBound == count ? [range.count - 1] : []
                )
            )
        }
        guard let logits else { preconditionFailure("a prompt of no tokens") }
        return logits
    }

    /// A PNG file that is cut into so many tiles and has to be made smaller for it: slopes with some noise, as photographs
    /// have.
    static func picture(tiles: Int, side: Int) throws -> [UInt8] {
        let (columns, rows) = grid(tiles: tiles)
        let (width, height) = (columns * side * 5 / 4, rows * side * 5 / 4)
        var rgb = [UInt8](repeating: 0, count: width * height * 3)
        var noise: UInt32 = 1
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    noise = noise &* 1_664_525 &+ 1_013_904_223
                    let slope = (x * (channel + 1) + y * (3 - channel)) * 60 / (width + height)
                    rgb[(y * width + x) * 3 + channel] = UInt8(slope + Int(noise >> 29))
                }
            }
        }
        return try PNGWriter.encode(rgb, width: width, height: height)
    }

    /// The squarest grid of so many tiles, the thumbnail aside.
    static func grid(tiles: Int) -> (columns: Int, rows: Int) {
        let count = max(1, tiles - 1)
        let rows = (1...count).filter { count % $0 == 0 && $0 * $0 <= count }.max() ?? 1
        return (count / rows, rows)
    }
}

/// Adds up what parts take that come in turns.
private struct PartClock {
    private var last = ContinuousClock.now
    private(set) var seconds: [PictureReport.Part: Double] = [:]

    /// Everything since the last lap was this part.
    mutating func lap(_ part: PictureReport.Part) {
        let now = ContinuousClock.now
        seconds[part, default: 0] += (now - last) / .seconds(1)
        last = now
    }
}
