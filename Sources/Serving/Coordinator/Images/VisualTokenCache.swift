/// Which pictures' visual tokens the decoder ranks hold, by content, and which of them nobody needs any more.
///
/// Pictures of requests under way stay; the others stay while all of them fit in the limit, the least recently used
/// go first. Numbers are never used twice, so that a late tile of a forgotten picture cannot be mistaken.
struct VisualTokenCache {
    private struct Picture {
        let number: Int32
        let bytes: Int
        var users = 0
        var lastUse = 0
        /// Whether the vision ranks have been told to encode it.
        var isRequested: Bool
        var arrivedTiles = 0
        let tiles: Int
    }

    private var pictures: [String: Picture] = [:]
    private var keys: [Int32: String] = [:]
    private var nextNumber: Int32 = 0
    private var clock = 0
    private(set) var byteCount = 0
    private(set) var hits = 0
    private(set) var misses = 0
    /// Bytes that pictures without users may take on each decoder rank.
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Bytes of the pictures that requests under way use.
    var pinnedBytes: Int { pictures.values.reduce(0) { $0 + ($1.users > 0 ? $1.bytes : 0) } }

    /// A picture by its number.
    func key(of number: Int32) -> String? { keys[number] }

    /// Takes a picture into use.
    ///
    /// - Parameters:
    ///   - bytes: of its visual tokens on each decoder rank.
    ///   - isCovered: whether the prefix cache has every page that its visual tokens are in; it is then not encoded
    ///     unless the leader asks for it.
    /// - Returns: its number in the group, and whether the vision ranks must be told to encode it now.
    mutating func use(_ key: String, tiles: Int, bytes: Int, isCovered: Bool) -> (number: Int32, mustEncode: Bool) {
        clock += 1
        if var picture = pictures[key] {
            picture.users += 1
            picture.lastUse = clock
            let mustEncode = !picture.isRequested && !isCovered
            picture.isRequested = picture.isRequested || mustEncode
            pictures[key] = picture
            if mustEncode { misses += 1 } else { hits += 1 }
            return (picture.number, mustEncode)
        }
        let number = nextNumber
        nextNumber += 1
        var picture = Picture(number: number, bytes: bytes, isRequested: !isCovered, tiles: tiles)
        picture.users = 1
        picture.lastUse = clock
        pictures[key] = picture
        keys[number] = key
        byteCount += bytes
        if isCovered { hits += 1 } else { misses += 1 }
        return (number, !isCovered)
    }

    /// Whether the vision ranks work, or have worked, on the picture.
    func isRequested(_ key: String) -> Bool { pictures[key]?.isRequested ?? false }

    /// The leader needs a picture that was left out; `false` if it is coming already or is unknown.
    mutating func want(_ number: Int32) -> Bool {
        guard let key = keys[number], pictures[key]?.isRequested == false else { return false }
        pictures[key]?.isRequested = true
        misses += 1
        return true
    }

    /// A tile has arrived; how many of the picture's have.
    mutating func tileArrived(_ number: Int32) -> (done: Int, total: Int)? {
        guard let key = keys[number], var picture = pictures[key] else { return nil }
        picture.arrivedTiles += 1
        pictures[key] = picture
        return (picture.arrivedTiles, picture.tiles)
    }

    /// Whether the decoder ranks have all of a picture, or need none of it.
    func isComplete(_ key: String) -> Bool {
        pictures[key].map { !$0.isRequested || $0.arrivedTiles >= $0.tiles } ?? false
    }

    /// Tiles of a picture that have arrived.
    func arrivedTiles(_ key: String) -> Int { pictures[key]?.arrivedTiles ?? 0 }

    /// A request lets go of a picture.
    ///
    /// - Returns: the numbers that the ranks should forget now.
    mutating func release(_ key: String) -> [Int32] {
        guard var picture = pictures[key] else { return [] }
        picture.users -= 1
        pictures[key] = picture
        // Half a picture is of no use, and encoding the rest for nobody would delay others.
        if picture.users == 0, picture.arrivedTiles < picture.tiles { return [remove(key)].compactMap { $0 } }
        return evict()
    }

    /// Takes a picture out that cannot be encoded; the number to forget.
    mutating func remove(_ key: String) -> Int32? {
        guard let picture = pictures.removeValue(forKey: key) else { return nil }
        keys[picture.number] = nil
        byteCount -= picture.bytes
        return picture.number
    }

    /// The group has ended, and everything that it held.
    mutating func reset() {
        pictures = [:]
        keys = [:]
        byteCount = 0
    }

    private mutating func evict() -> [Int32] {
        var forgotten: [Int32] = []
        while byteCount - pinnedBytes > limit {
            let idle = pictures.filter { $0.value.users == 0 }
            guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { break }
            if let number = remove(oldest.key) { forgotten.append(number) }
        }
        return forgotten
    }
}
