internal import Checkpoints
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import ImagePreprocessing
internal import Kernels
internal import Requests
internal import SAILVL2Model
internal import Synchronization
internal import Tensors

/// A vision rank's computing thread: takes images, gives tiles.
///
/// It is apart from the main thread, which owns MPI and keeps messages moving while a tile is computed.
final class VisionWorker: Sendable {
    /// A tile that has been encoded.
    ///
    /// The buffer is handed over, never shared.
    struct Tile: @unchecked Sendable {
        // Safe because the computing thread lets go of the buffer when it pushes the tile.
        let image: Int32
        let index: Int
        let tokens: FloatBuffer
        /// What its encoding took.
        let duration: Duration
    }

    enum Output: Sendable {
        case progress(done: Int, total: Int)
        case ready(RankStats)
        case tile(Tile)
        case failed(RankFailure)
    }

    let outputs = EventQueue<Output>()
    private let inputs = EventQueue<(job: ImageJob, bytes: Data)?>()
    private let forgotten = Mutex<Set<Int32>>([])
    /// Where its next tile comes from.
    private let claims: TileClaims

    init(_ claims: TileClaims) { self.claims = claims }

    /// How far the thread that computes stands back behind decoders' threads: it has a tenth of what one of them has.
    ///
    /// A step waits for its slowest thread, so that what is taken from one of them is taken from all; but pictures get on.
    private static let nice = 10

    /// Begins to load the encoder and to work, on a thread of its own.
    func start(_ checkpoint: Checkpoint, format: VisionFormat, on place: RankPlace, maxPixels: Int) {
        let thread = Thread { self.run(checkpoint, format, on: place, maxPixels: maxPixels) }
        thread.name = "vision"
        thread.stackSize = 8 << 20
        thread.start()
    }

    func submit(_ job: ImageJob, bytes: Data) { inputs.push((job, bytes)) }

    /// Drops what is left of images; a tile under way stops within one layer.
    func forget(_ images: [Int32]) { forgotten.withLock { $0.formUnion(images) } }

    /// Lets the thread end.
    func finish() { inputs.push(nil) }

    private func isForgotten(_ image: Int32) -> Bool { forgotten.withLock { $0.contains(image) } }

    private func run(_ checkpoint: Checkpoint, _ format: VisionFormat, on place: RankPlace, maxPixels: Int) {
        let started = ContinuousClock.now
        if place.isBesideDecoders { ThreadPool.giveWay(nice: Self.nice) }
        let encoder = TileEncoder(
            checkpoint,
            format: format,
            threads: place.threads,
            helpers: place.helpers,
            // As it was before this rank was bound.
            helperProcessors: place.helperProcessors ?? Processors.allowed,
            maxPixels: maxPixels
        ) { done, total in
            outputs.push(.progress(done: done, total: total))
        }
        var stats = RankStats()
        stats.weightBytes = encoder.weightBytes
        stats.loadMilliseconds = (ContinuousClock.now - started).milliseconds
        stats.kernels = KernelSet.active.name
        (stats.threads, stats.helpers) = (place.threads, place.helpers)
        outputs.push(.ready(stats))
        var lastTile = Duration.zero
        while let input = nextInput() {
            guard let (job, bytes) = input else { return }
            guard !isForgotten(job.number) else { continue }
            do {
                try encode(job, bytes, encoder, &lastTile)
            } catch {
                outputs.push(.failed(RankFailure(error, image: job.number)))
            }
        }
    }

    /// The next image; which were dropped is no matter any more once nothing waits, since numbers are not used twice.
    private func nextInput() -> (job: ImageJob, bytes: Data)?? {
        // At one go: what is submitted and dropped meanwhile is dropped behind it.
        let waiting = forgotten.withLock { forgotten in
            let input = inputs.poll()
            if input == nil { forgotten.removeAll() }
            return input
        }
        return waiting ?? inputs.next()
    }

    /// Encodes tiles of an image as long as there are any that nobody has; without one, only the header is read.
    private func encode(_ job: ImageJob, _ bytes: Data, _ encoder: TileEncoder, _ lastTile: inout Duration) throws {
        let bytes = [UInt8](bytes)
        let count = try encoder.tileCount(of: bytes, cut: job.cut)
        guard var index = claims.next(TileClaim(image: job.number, count: count, lastTile: lastTile)) else { return }
        let sheet = try encoder.sheet(of: bytes, cut: job.cut)
        var made = TileSheet.Strip()
        while true {
            if !made.range.contains(index) { made = sheet.strip(around: index) }
            let began = ContinuousClock.now
            let tile = made.tiles[index - made.range.lowerBound]
            guard let tokens = encoder.encode(tile, shouldStop: { self.isForgotten(job.number) }) else { return }
            lastTile = ContinuousClock.now - began
            outputs.push(.tile(Tile(image: job.number, index: index, tokens: tokens, duration: lastTile)))
            guard let next = claims.next(TileClaim(image: job.number, count: count, lastTile: lastTile)) else { return }
            index = next
        }
    }
}
