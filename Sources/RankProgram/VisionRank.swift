internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Tensors

/// What a vision rank's main thread does: commands to the computing thread, tiles to the decoder ranks.
///
/// ## Communication
/// For each tile a header of 12 bytes to the leader, and `visual tokens · hidden` floats to every decoder rank.
final class VisionRank {
    /// A tile on its way; its memory stays until every decoder rank has it.
    private struct Delivery {
        let tokens: FloatBuffer
        let header: [Int32]
        var pending: [PendingMessage]
    }

    private let endpoint: any RankEndpoint
    private let world: MPICommunicator
    private let options: RankOptions
    private let worker: VisionWorker
    private let tokensPerTile: Int
    private var deliveries: [Delivery] = []

    init(_ checkpoint: Checkpoint, options: RankOptions, endpoint: any RankEndpoint, world: MPICommunicator) {
        self.endpoint = endpoint
        self.world = world
        self.options = options
        tokensPerTile = checkpoint.config.visualTokensPerTile
        worker = VisionWorker(place: world.rank - options.decoderRanks, of: options.visionRanks)
    }

    /// Works until the process in front says that the work is over.
    func run(_ checkpoint: Checkpoint, threads: Int) throws {
        worker.start(checkpoint, threads: threads)
        var idle = IdleWait()
        while true {
            endpoint.tick()
            var hadWork = false
            while let command = endpoint.poll() {
                hadWork = true
                if command.message == .shutdown {
                    worker.finish()
                    return
                }
                take(command)
            }
            while let output = worker.outputs.poll() {
                hadWork = true
                try pass(on: output)
            }
            hadWork = try moveDeliveries() || hadWork
            if hadWork { idle.reset() } else { idle.pause() }
        }
    }

    private func take(_ command: Received<LinkCommand>) {
        switch command.message {
        case .encode(let job): worker.submit(job, bytes: command.attachment)
        case .cancel(let id): worker.cancel(job: id)
        default: break
        }
    }

    private func pass(on output: VisionWorker.Output) throws {
        switch output {
        case .progress(let done, let total):
            endpoint.send(.progress(id: nil, stage: "load", done: done, total: total))
        case .ready(let stats):
            endpoint.send(.ready(stats))
        case .failed(let failure):
            endpoint.send(.failed(failure))
        case .tile(let tile):
            try deliver(tile)
        }
    }

    private func deliver(_ tile: VisionWorker.Tile) throws {
        let header = TileHeader(
            source: Int32(world.rank),
            image: tile.image,
            offset: Int32(tile.index * tokensPerTile),
            tokens: Int32(tokensPerTile)
        )
        var delivery = Delivery(tokens: tile.tokens, header: header.words, pending: [])
        let bytes = UnsafeRawBufferPointer(start: tile.tokens.pointer, count: tile.tokens.count * 4)
        for rank in 0..<options.decoderRanks {
            delivery.pending.append(try world.startSend(bytes, to: rank, .tile))
        }
        // The header is small enough to be buffered, so that this returns at once.
        try delivery.header.withUnsafeBytes { try world.send($0, to: 0, .tileHeader) }
        deliveries.append(delivery)
    }

    /// Moves messages on and forgets the tiles that everybody has.
    private func moveDeliveries() throws -> Bool {
        guard !deliveries.isEmpty else { return false }
        for index in deliveries.indices {
            deliveries[index].pending = try deliveries[index].pending.filter { try $0.poll() == nil }
        }
        deliveries.removeAll { $0.pending.isEmpty }
        return false
    }
}
