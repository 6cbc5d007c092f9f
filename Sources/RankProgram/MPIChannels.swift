internal import Communication
internal import Inference

/// The leader's way to tell the followers: one message to each decoder rank.
final class MPIPlanChannel: PlanChannel {
    private let decoders: MPICommunicator

    init(decoders: MPICommunicator) { self.decoders = decoders }

    func broadcast(_ words: [Int32]) throws {
        try words.withUnsafeBytes { bytes in
            for rank in 1..<max(decoders.size, 1) { try decoders.send(bytes, to: rank, .stepPlan) }
        }
    }
}

/// Tiles that the vision ranks send: a header to the leader, the visual tokens to every decoder rank.
final class MPITileInbox: TileInbox {
    private let world: MPICommunicator

    init(world: MPICommunicator) { self.world = world }

    func nextHeader() throws -> TileHeader? {
        guard let message = try world.arrived(.tileHeader) else { return nil }
        var words = [Int32](repeating: 0, count: 3)
        try words.withUnsafeMutableBytes { try world.receive($0, from: message.source, .tileHeader) }
        return TileHeader(source: Int32(message.source), image: words[0], offset: words[1], tokens: words[2])
    }

    func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) throws {
        try world.receive(UnsafeMutableRawBufferPointer(tokens), from: Int(tile.source), .tile)
    }
}

extension TileHeader {
    /// The header as it travels; the source is known from the message.
    var words: [Int32] { [image, offset, tokens] }
}
