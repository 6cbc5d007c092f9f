package import Checkpoints
internal import Communication
internal import Diagnostics
package import Foundation
package import GroupLink
internal import ImagePreprocessing
internal import Inference
package import Requests
internal import SAILVL2Model
internal import Tensors

/// A group of one decoder rank and one vision rank in this process, without MPI.
///
/// It takes the same commands and gives the same reports as a group under `mpirun`, and the same bits.
package final class LocalGroup: Sendable {
    private let endpoint = LocalEndpoint()

    package init() {}

    /// Loads the model and begins to work, on a thread of its own.
    package func start(_ checkpoint: Checkpoint, options: RankOptions) {
        let endpoint = endpoint
        let thread = Thread {
            do {
                try LocalGroup.run(checkpoint, options, endpoint)
            } catch {
                endpoint.send(.failed(RankFailure(error)))
            }
            endpoint.send(.goodbye)
        }
        thread.name = "rank"
        thread.stackSize = 8 << 20
        thread.start()
    }

    package func send(_ command: LinkCommand, attachment: Data = Data()) {
        endpoint.commands.push(Received(message: command, attachment: attachment))
    }

    /// The next report; `nil` when none came within the limit.
    package func nextReport(within limit: Duration) -> Received<LinkReport>? { endpoint.reports.next(within: limit) }

    private static func run(
        _ checkpoint: Checkpoint,
        _ options: RankOptions,
        _ endpoint: LocalEndpoint
    ) throws {
        let threads = options.threads ?? Processors.available
        let format = try checkpoint.format(asked: options.format)
        let vision = LocalTileInbox(
            checkpoint,
            options,
            format: options.visionFormat(beside: format),
            threads: threads,
            endpoint: endpoint
        )
        let rank = DecoderRank(
            checkpoint: checkpoint,
            options: options,
            endpoint: endpoint,
            communicator: SoloCommunicator(),
            inbox: vision,
            threads: threads,
            ranksHere: [0]
        )
        let (worker, pages, kept) = try rank.load()
        defer {
            pages?.close()
            kept?.remove()
        }
        try LeaderLoop(
            worker,
            options: options,
            endpoint: endpoint,
            channel: NoFollowers(),
            inbox: vision,
            formats: FormatDesk(checkpoint, options),
            pages: pages?.forLeader(nil),
            onImage: { vision.submit($0, $1) },
            onForget: { vision.forget($0) }
        ).run()
    }
}

/// Tiles encoded in this process: one between two steps, so that each is told of, and its part of the prompt read, before
/// the next.
private final class LocalTileInbox: TileInbox {
    private struct Waiting {
        let image: Int32
        let index: Int
        let tile: RGBTile
    }

    private let checkpoint: Checkpoint
    private let format: VisionFormat
    private let threads: Int
    private let maxPixels: Int
    private let endpoint: LocalEndpoint
    /// Loaded with the first picture: a conversation of text alone needs no vision tower.
    private var encoder: TileEncoder?
    /// Files that nobody has looked at yet: whoever waits hears that their request is there before that takes long.
    private var files: [(job: ImageJob, bytes: Data)] = []
    private var waiting: [Waiting] = []
    /// Told of or not, and not yet taken.
    private var encoded: [(header: TileHeader, tokens: FloatBuffer)] = []
    private var untold: [TileHeader] = []

    init(_ checkpoint: Checkpoint, _ options: RankOptions, format: VisionFormat, threads: Int, endpoint: LocalEndpoint)
    {
        self.checkpoint = checkpoint
        maxPixels = options.maxPixels
        self.format = format
        self.threads = threads
        self.endpoint = endpoint
    }

    func submit(_ job: ImageJob, _ bytes: Data) { files.append((job, bytes)) }

    private func cut(_ job: ImageJob, _ bytes: Data) {
        let encoder =
            self.encoder ?? TileEncoder(checkpoint, format: format, threads: threads, maxPixels: maxPixels)
        self.encoder = encoder
        do {
            let tiles = try encoder.tiles(of: [UInt8](bytes), cut: job.cut)
            for (index, tile) in tiles.enumerated() {
                waiting.append(Waiting(image: job.number, index: index, tile: tile))
            }
        } catch {
            endpoint.send(.failed(RankFailure(error, image: job.number)))
        }
    }

    func forget(_ images: [Int32]) {
        files.removeAll { images.contains($0.job.number) }
        waiting.removeAll { images.contains($0.image) }
    }

    func advance() {
        while waiting.isEmpty, !files.isEmpty {
            let file = files.removeFirst()
            cut(file.job, file.bytes)
        }
        guard !waiting.isEmpty, let encoder else { return }
        let next = waiting.removeFirst()
        guard let tokens = encoder.encode(next.tile, shouldStop: { false }) else { return }
        let header = TileHeader(
            source: 0,
            image: next.image,
            offset: Int32(next.index * encoder.tokensPerTile),
            tokens: Int32(encoder.tokensPerTile)
        )
        encoded.append((header, tokens))
        untold.append(header)
    }

    func nextHeader() -> TileHeader? { untold.isEmpty ? nil : untold.removeFirst() }

    func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) {
        guard let index = encoded.firstIndex(where: { $0.header == tile }) else { return }
        let buffer = encoded.remove(at: index).tokens
        tokens.baseAddress?.update(from: buffer.pointer, count: min(tokens.count, buffer.count))
    }
}
