internal import Communication
internal import Inference
internal import Tensors

/// The leader's way to tell the followers: one message along a tree of the decoder ranks.
final class MPIPlanChannel: PlanChannel {
    private let plans: MPIBroadcast

    init(decoders: MPICommunicator) { plans = MPIBroadcast(decoders, .stepPlan) }

    func broadcast(_ words: [Int32]) throws { try words.withUnsafeBytes { bytes in try plans.send(bytes) } }
}

/// Tiles that the vision ranks send: the visual tokens to every decoder rank, then a header to the leader.
///
/// A large message moves only when sender and receiver both look after it. So every decoder rank takes tiles in between
/// its steps (`advance`), and a header comes when all of them have: a step never waits for a vision rank.
final class MPITileInbox: TileInbox {
    private struct Arrival {
        let tokens: FloatBuffer
        let message: PendingMessage
        var isHere = false
    }

    private let world: MPICommunicator
    /// By sender, in the order of sending.
    private var arrivals: [Int: [Arrival]] = [:]

    init(world: MPICommunicator) { self.world = world }

    /// Begins to receive what vision ranks offer, and moves on what has begun.
    func advance() throws {
        while let offer = try world.arrived(.tile) {
            let tokens = FloatBuffer(count: offer.byteCount / 4)
            let bytes = UnsafeMutableRawBufferPointer(start: tokens.pointer, count: offer.byteCount)
            let message = try world.startReceive(bytes, from: offer.source, .tile)
            arrivals[offer.source, default: []].append(Arrival(tokens: tokens, message: message))
        }
        for (source, list) in arrivals {
            for (index, arrival) in list.enumerated() where !arrival.isHere {
                if try arrival.message.poll() != nil { arrivals[source]?[index].isHere = true }
            }
        }
    }

    func nextHeader() throws -> TileHeader? {
        guard let message = try world.arrived(.tileHeader) else { return nil }
        let words = try world.receiveWords(TileHeader.wordCount, from: message.source, .tileHeader)
        return TileHeader(source: Int32(message.source), image: words[0], offset: words[1], tokens: words[2])
    }

    func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) throws {
        let source = Int(tile.source)
        while arrivals[source]?.first?.isHere != true { try advance() }
        guard let arrival = arrivals[source]?.removeFirst() else { return }
        precondition(arrival.tokens.count == tokens.count, "a tile of \(arrival.tokens.count) floats")
        tokens.baseAddress?.update(from: arrival.tokens.pointer, count: tokens.count)
    }
}

extension TileHeader {
    static let wordCount = 3
    /// The header as it travels; the source is known from the message.
    var words: [Int32] { [image, offset, tokens] }
}
