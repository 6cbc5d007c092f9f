internal import Communication

/// The vision ranks' messages with the first of them, which hands out tiles.
///
/// ## Communication
/// 12 bytes to that rank and 4 back for each tile, and once more for each picture of which there is none left for it.
final class TileClaimMessages {
    private let world: MPICommunicator
    private let claims: TileClaims
    /// The desk's to each rank that has asked; another rank's to the desk.
    private var outboxes: [Int: MessageOutbox] = [:]
    private let desk: Int

    private static let none: Int32 = -1

    /// - Parameter desk: the rank of the world that hands out tiles.
    init(_ claims: TileClaims, _ world: MPICommunicator, desk: Int) {
        (self.claims, self.world, self.desk) = (claims, world, desk)
    }

    /// Asks, answers, and hands on answers; whether there was anything.
    func advance() throws -> Bool {
        let hadWork = world.rank == desk ? try serve() : try ask()
        for outbox in outboxes.values { try outbox.advance() }
        return hadWork
    }

    private func serve() throws -> Bool {
        var hadWork = false
        while let message = try world.arrived(.tileClaim) {
            hadWork = true
            let words = try world.receiveWords(TileClaim.wordCount, from: message.source, .tileClaim)
            let tile = claims.serve(TileClaim(words: words), by: message.source - desk)
            outbox(to: message.source, .tileGrant).append([tile.map(Int32.init) ?? Self.none])
        }
        return hadWork
    }

    private func ask() throws -> Bool {
        var hadWork = false
        while let claim = claims.takeAsked() {
            hadWork = true
            outbox(to: desk, .tileClaim).append(claim.words)
        }
        while try world.arrived(.tileGrant) != nil {
            hadWork = true
            let tile = try world.receiveWords(1, from: desk, .tileGrant)[0]
            claims.grant(tile == Self.none ? nil : Int(tile))
        }
        return hadWork
    }

    private func outbox(to rank: Int, _ tag: MessageTag) -> MessageOutbox {
        if let outbox = outboxes[rank] { return outbox }
        // Nobody asks again before the answer: one record is all that ever waits.
        let outbox = MessageOutbox(world, to: rank, tag, most: TileClaim.wordCount)
        outboxes[rank] = outbox
        return outbox
    }
}
