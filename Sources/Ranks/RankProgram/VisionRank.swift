internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Requests
internal import Tensors

/// What a vision rank's main thread does: commands to the computing thread, tiles to the decoder ranks.
///
/// ## Communication
/// For each tile `visual tokens · hidden` floats to every decoder rank, and, once all have them, a header of 12 bytes to
/// the leader; and the tiles are asked for (`TileClaimMessages`).
final class VisionRank {
    /// A tile on its way; its memory stays until every decoder rank has it.
    private struct Delivery {
        let tokens: FloatBuffer
        let header: TileHeader
        var pending: [PendingMessage]
    }

    private let endpoint: any RankEndpoint
    private let world: MPICommunicator
    private let options: RankOptions
    private let worker: VisionWorker
    private let claims: TileClaims
    private let claimMessages: TileClaimMessages
    private let tokensPerTile: Int
    private var deliveries: [Delivery] = []
    private let headers: MessageOutbox
    private let activity = ActivityMeter()
    private var computation: Receipt.Computation?

    init(_ checkpoint: Checkpoint, options: RankOptions, endpoint: any RankEndpoint, world: MPICommunicator) {
        self.endpoint = endpoint
        self.world = world
        self.options = options
        tokensPerTile = checkpoint.config.visualTokensPerTile
        headers = MessageOutbox(world, to: 0, .tileHeader, most: TileHeader.wordCount)
        let desk = options.decoderRanks
        claims = TileClaims(world.rank == desk ? TileDesk(places: options.visionRanks) : nil)
        claimMessages = TileClaimMessages(claims, world, desk: desk)
        worker = VisionWorker(claims)
    }

    /// Works until the process in front says that the work is over.
    func run(_ checkpoint: Checkpoint, on place: RankPlace) throws {
        let format = try checkpoint.format(asked: options.format)
        computation = options.computation(in: format)
        worker.start(
            checkpoint,
            format: options.visionFormat(beside: format),
            on: place,
            maxPixels: options.maxPixels
        )
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
            if try claimMessages.advance() { hadWork = true }
            try moveDeliveries()
            activity.report(to: endpoint, nil)
            if hadWork { idle.reset() } else { idle.pause() }
        }
    }

    private func take(_ command: Received<LinkCommand>) {
        switch command.message {
        case .encode(let job): worker.submit(job, bytes: command.attachment)
        case .forget(let images):
            claims.forget(images)
            worker.forget(images)
        default: break
        }
    }

    private func pass(on output: VisionWorker.Output) throws {
        switch output {
        case .progress(let done, let total):
            endpoint.send(.progress(stage: "load", done: done, total: total))
        case .ready(var stats):
            stats.computation = computation
            endpoint.send(.ready(stats))
        case .failed(let failure):
            endpoint.send(.failed(failure))
        case .tile(let tile):
            try deliver(tile)
            activity.noteTile(tile.duration, sentBytes: tile.tokens.count * 4 * options.decoderRanks)
        }
    }

    private func deliver(_ tile: VisionWorker.Tile) throws {
        let header = TileHeader(
            source: Int32(world.rank),
            image: tile.image,
            offset: Int32(tile.index * tokensPerTile),
            tokens: Int32(tokensPerTile)
        )
        var delivery = Delivery(tokens: tile.tokens, header: header, pending: [])
        let bytes = UnsafeRawBufferPointer(start: tile.tokens.pointer, count: tile.tokens.count * 4)
        for rank in 0..<options.decoderRanks {
            delivery.pending.append(try world.startSend(bytes, to: rank, .tile))
        }
        deliveries.append(delivery)
    }

    /// Moves messages on, and tells the leader of tiles that everybody has, in their order.
    private func moveDeliveries() throws {
        for index in deliveries.indices {
            deliveries[index].pending = try deliveries[index].pending.filter { try $0.poll() == nil }
        }
        while let first = deliveries.first, first.pending.isEmpty {
            headers.append(first.header.words)
            deliveries.removeFirst()
        }
        try headers.advance()
    }
}
