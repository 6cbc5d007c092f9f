/// Numbers that have been seen, of those that rise by and by: whatever is far below the highest one has been.
struct RecentNumbers {
    /// So far behind the highest, nobody is late any more.
    static let reach: Int32 = 1 << 16

    private var seen: Set<Int32> = []
    private var highest = Int32.min

    mutating func insert(_ number: Int32) {
        highest = max(highest, number)
        seen.insert(number)
        if seen.count > 2 * Int(Self.reach) { seen = seen.filter { !isOld($0) } }
    }

    func contains(_ number: Int32) -> Bool { seen.contains(number) || isOld(number) }

    private func isOld(_ number: Int32) -> Bool { Int(number) < Int(highest) - Int(Self.reach) }
}

/// Tiles that vision ranks have announced, in the order in which each of them sent its own.
///
/// A tile may be here before the job that names its picture, since they come from different processes over different links.
/// It waits for the job then; and so does what its source has sent behind it, because tiles are received in that order.
struct TileLine {
    private var waiting: [TileHeader] = []

    mutating func append(_ tile: TileHeader) { waiting.append(tile) }

    /// Takes the tiles out whose turn it is.
    ///
    /// - Parameter isNamed: whether a job has had this picture.
    mutating func take(isNamed: (_ image: Int32) -> Bool) -> [TileHeader] {
        guard !waiting.isEmpty else { return [] }
        var (taken, left): ([TileHeader], [TileHeader]) = ([], [])
        for tile in waiting {
            let isBehind = left.contains { $0.source == tile.source }
            if isBehind || !isNamed(tile.image) { left.append(tile) } else { taken.append(tile) }
        }
        waiting = left
        return taken
    }
}
