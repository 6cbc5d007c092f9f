/// Hands out the tiles of pictures to the vision ranks, from the first on, each to whoever asks next.
///
/// Hosts are not equally fast, and one of them may compute steps besides: who is done takes the next tile. Tiles come in
/// about the order in which the prompt names them, so that it can be read as they come. The last ones are not for a rank
/// that would take longer over one than the others over all that are left: everybody would wait for it.
struct TileDesk: Sendable {
    /// Pictures that are remembered at most.
    ///
    /// Numbers rise, so the lowest are those of which nobody asks any more.
    static let most = 256

    private struct Picture {
        /// The first tile that nobody has.
        var next = 0
        /// Ranks that were told that there is none left for them.
        var told: Set<Int> = []
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
        defer { keep(picture, as: claim.image) }
        places[place].since = nil
        if claim.lastTile > .zero { places[place].tile = claim.lastTile }
        let left = Int(claim.count) - picture.next
        guard left > 0, !othersAreFaster(than: place, by: now, left: left, told: picture.told) else {
            picture.told.insert(place)
            return nil
        }
        places[place].since = now
        defer { picture.next += 1 }
        return picture.next
    }

    /// Hands out no more of pictures that nobody waits for.
    mutating func forget(_ images: [Int32]) {
        for image in images where pictures[image] != nil { pictures[image]?.next = .max }
    }

    /// Whether the others would have encoded all that are left before this rank had encoded one.
    ///
    /// If not, the best shares give it at least one: as each rank's tiles take equally long, nobody could be done sooner.
    private func othersAreFaster(than place: Int, by now: Duration, left: Int, told: Set<Int>) -> Bool {
        guard let own = places[place].tile else { return false }
        var ends: [(end: Duration, tile: Duration)] = places.indices.compactMap { other in
            guard other != place, !told.contains(other), let tile = places[other].tile else { return nil }
            // Who is at no tile asks in a moment.
            let free = places[other].since.map { max(now, $0 + tile) } ?? now
            return (free + tile, tile)
        }
        for _ in 0..<left {
            guard let first = ends.indices.min(by: { ends[$0].end < ends[$1].end }) else { return false }
            if ends[first].end >= now + own { return false }
            ends[first].end += ends[first].tile
        }
        return true
    }

    private mutating func keep(_ picture: Picture, as image: Int32) {
        pictures[image] = picture.told.count < places.count ? picture : nil
        if pictures.count > Self.most, let lowest = pictures.keys.min() { pictures[lowest] = nil }
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
