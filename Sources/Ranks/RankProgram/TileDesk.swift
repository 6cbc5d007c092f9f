/// Hands out the tiles of pictures to the vision ranks, from the first on, each to whoever asks next.
///
/// Hosts are not equally fast, and one of them may compute steps besides: who is done takes the next tile. Tiles come in
/// about the order in which the prompt names them, so that it can be read as they come. The last ones are not for a rank
/// that would take longer over one than the others over all that are left: everybody would wait for it.
struct TileDesk: Sendable {
    /// Forgotten pictures that are remembered at most, for whoever asks before it hears that they are.
    static let mostForgotten = 256

    private struct Picture {
        var count = 0
        /// The first tile that nobody has.
        var next = 0
        /// Ranks that were told that there is none left for them.
        var told: Set<Int> = []

        /// Instead of the next one, where nobody waits for any.
        static let end = Int.max
        var isForgotten: Bool { next == Self.end }
        var left: Int { max(0, count - next) }
    }

    private struct Place {
        /// What its last tile took, as far as that is known.
        var tile: Duration?
        /// When it got the tile that it is at.
        var since: Duration?
    }

    private var places: [Place]
    private var pictures: [Int32: Picture] = [:]

    /// - Parameter places: how many vision ranks ask.
    init(places: Int) { self.places = Array(repeating: Place(), count: places) }

    /// How many pictures it knows.
    var count: Int { pictures.count }

    /// The next tile of a picture for a rank that asks; `nil` is none, after which it does not ask about that picture again.
    ///
    /// - Parameters:
    ///   - place: the rank's, among the vision ranks.
    ///   - now: by one clock for all calls.
    mutating func claim(_ claim: TileClaim, by place: Int, now: Duration) -> Int? {
        var picture = pictures[claim.image] ?? Picture()
        picture.count = Int(claim.count)
        defer { pictures[claim.image] = picture.told.count < places.count ? picture : nil }
        places[place].since = nil
        if claim.lastTile > .zero { places[place].tile = claim.lastTile }
        guard picture.left > 0, !othersAreFaster(than: place, by: now, at: picture) else {
            picture.told.insert(place)
            return nil
        }
        places[place].since = now
        defer { picture.next += 1 }
        return picture.next
    }

    /// Hands out no more of pictures that nobody waits for.
    mutating func forget(_ images: [Int32]) {
        for image in images { pictures[image, default: Picture()].next = Picture.end }
        let forgotten = pictures.filter(\.value.isForgotten).keys.sorted()
        for image in forgotten.dropLast(Self.mostForgotten) { pictures[image] = nil }
    }

    /// Whether the others would have encoded all that is left before this rank had encoded one tile.
    ///
    /// If not, the best shares give it at least one: as each rank's tiles take equally long, nobody could be done sooner.
    /// What is left is also what this rank has been refused of other pictures, for which the others have yet to find time.
    private func othersAreFaster(than place: Int, by now: Duration, at picture: Picture) -> Bool {
        guard let own = places[place].tile else { return false }
        var ends: [(end: Duration, tile: Duration)] = places.indices.compactMap { other in
            guard other != place, !picture.told.contains(other), let tile = places[other].tile else { return nil }
            // Who is at no tile asks in a moment.
            let free = places[other].since.map { max(now, $0 + tile) } ?? now
            return (free + tile, tile)
        }
        let refused = pictures.values.reduce(0) { $0 + ($1.told.contains(place) ? $1.left : 0) }
        for _ in 0..<picture.left + refused {
            guard let first = ends.indices.min(by: { ends[$0].end < ends[$1].end }) else { return false }
            if ends[first].end >= now + own { return false }
            ends[first].end += ends[first].tile
        }
        return true
    }
}

/// A vision rank asks for a tile of a picture.
struct TileClaim: Sendable, Equatable {
    let image: Int32
    /// Tiles of the picture, the thumbnail included.
    let count: Int32
    /// What the asker's last tile took, in microseconds; 0 before the first.
    let lastMicroseconds: Int32

    init(image: Int32, count: Int, lastTile: Duration = .zero) {
        (self.image, self.count) = (image, Int32(count))
        let (seconds, attoseconds) = lastTile.components
        lastMicroseconds = Int32(clamping: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    var lastTile: Duration { .microseconds(lastMicroseconds) }

    static let wordCount = 3
    /// As it travels.
    var words: [Int32] { [image, count, lastMicroseconds] }

    init(words: [Int32]) { (image, count, lastMicroseconds) = (words[0], words[1], words[2]) }
}
