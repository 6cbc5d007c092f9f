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
    /// This vision rank's place among the vision ranks, and how many there are.
    private let place: Int
    private let places: Int

    init(place: Int, of places: Int) {
        self.place = place
        self.places = places
    }

    /// Begins to load the encoder and to work, on a thread of its own.
    func start(_ checkpoint: Checkpoint, format: WeightFormat, threads: Int, maxPixels: Int) {
        let thread = Thread { self.run(checkpoint, format, threads: threads, maxPixels: maxPixels) }
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

    private func run(_ checkpoint: Checkpoint, _ format: WeightFormat, threads: Int, maxPixels: Int) {
        let started = ContinuousClock.now
        let encoder = TileEncoder(checkpoint, format: format, threads: threads, maxPixels: maxPixels) { done, total in
            outputs.push(.progress(done: done, total: total))
        }
        var stats = RankStats()
        stats.weightBytes = encoder.weightBytes
        stats.loadMilliseconds = (ContinuousClock.now - started).milliseconds
        stats.kernels = KernelSet.active.name
        stats.threads = threads
        outputs.push(.ready(stats))
        while let input = nextInput() {
            guard let (job, bytes) = input else { return }
            guard !isForgotten(job.number) else { continue }
            do {
                try encode(job, bytes, encoder)
            } catch {
                outputs.push(.failed(RankFailure(error, image: job.number)))
            }
        }
    }

    /// The next image; which were dropped is no matter any more once nothing waits, since numbers are not used twice.
    private func nextInput() -> (job: ImageJob, bytes: Data)?? {
        if let input = inputs.poll() { return input }
        forgotten.withLock { $0.removeAll() }
        return inputs.next()
    }

    /// Encodes this rank's share of an image: every `places`-th tile, beginning where the image's number says.
    private func encode(_ job: ImageJob, _ bytes: Data, _ encoder: TileEncoder) throws {
        for (index, tile) in try encoder.tiles(of: bytes, cut: job.cut).enumerated()
        where (index + Int(job.number)) % places == place {
            let began = ContinuousClock.now
            guard let tokens = encoder.encode(tile, shouldStop: { self.isForgotten(job.number) }) else { return }
            let duration = ContinuousClock.now - began
            outputs.push(.tile(Tile(image: job.number, index: index, tokens: tokens, duration: duration)))
        }
    }
}
