/// How the leader tells the followers what comes next.
package protocol PlanChannel: AnyObject {
    /// Sends the words of an encoded plan to every follower.
    func broadcast(_ words: [Int32]) throws
}

/// Announces that the visual tokens of a tile have come to every decoder rank.
package struct TileHeader: Sendable, Equatable {
    /// The world rank that sends them.
    package var source: Int32
    package var image: Int32
    /// In visual tokens, from the image's first.
    package var offset: Int32
    package var tokens: Int32

    package init(source: Int32, image: Int32, offset: Int32, tokens: Int32) {
        self.source = source
        self.image = image
        self.offset = offset
        self.tokens = tokens
    }
}

/// Where tiles come from: the vision ranks, or an encoder in this process.
package protocol TileInbox: AnyObject {
    /// Takes in what has been offered, or encodes the next tile in this process; called between steps, and never waits for
    /// another rank.
    func advance() throws
    /// The next tile announced to the leader, if any; each is reported once.
    func nextHeader() throws -> TileHeader?
    /// Takes the tile from its source, in the order in which that source sent it.
    func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) throws
}

extension TileInbox {
    package func advance() throws {}
}

/// A group of one has nobody to tell.
package final class NoFollowers: PlanChannel {
    package init() {}
    package func broadcast(_ words: [Int32]) {}
}
