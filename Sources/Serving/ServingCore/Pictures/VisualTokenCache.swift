/// Which pictures' visual tokens the decoder ranks hold, by content, and which of them nobody needs any more.
///
/// Pictures of requests under way stay; the others stay while all of them fit in the limit, the least recently used
/// go first. Numbers are never used twice, so that a late tile of a forgotten picture cannot be mistaken.
struct VisualTokenCache: Sendable {
    private struct Picture: Sendable {
        let number: Int32
        let bytes: Int
        var users = 0
        /// Whether the vision ranks have been told to encode it.
        var isRequested: Bool
        var arrivedTiles = 0
        let tiles: Int
    }

    private var pictures: [String: Picture] = [:]
    private var keys: [Int32: String] = [:]
    /// The pictures that nobody uses.
    private var idle: LeastRecentlyUsed<String, Void>
    private var nextNumber: Int32 = 0
    private(set) var byteCount = 0
    private(set) var hits = 0
    private(set) var misses = 0

    /// - Parameter limit: bytes that pictures without users may take on each decoder rank.
    init(limit: Int) { idle = LeastRecentlyUsed(limit: limit) }

    /// Bytes of the pictures that requests under way use.
    var pinnedBytes: Int { byteCount - idle.weight }

    /// A picture by its number.
    func key(of number: Int32) -> String? { keys[number] }

    /// Users of all pictures.
    var users: Int { pictures.values.reduce(0) { $0 + $1.users } }

    /// Takes a picture into use.
    ///
    /// - Parameters:
    ///   - bytes: of its visual tokens on each decoder rank.
    ///   - isCovered: whether the prefix cache has every page that its visual tokens are in; it is then not encoded
    ///     unless the leader asks for it.
    /// - Returns: its number in the group, and whether the vision ranks must be told to encode it now.
    mutating func use(_ key: String, tiles: Int, bytes: Int, isCovered: Bool) -> (number: Int32, mustEncode: Bool) {
        if pictures[key] == nil {
            pictures[key] = Picture(number: nextNumber, bytes: bytes, isRequested: false, tiles: tiles)
            keys[nextNumber] = key
            nextNumber += 1
            byteCount += bytes
        }
        guard var picture = pictures[key] else { preconditionFailure("unreachable: \(key) was put there") }
        idle.remove(key)
        picture.users += 1
        let mustEncode = !picture.isRequested && !isCovered
        picture.isRequested = picture.isRequested || mustEncode
        pictures[key] = picture
        if mustEncode { misses += 1 } else { hits += 1 }
        return (picture.number, mustEncode)
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

    /// A tile has arrived; `false` if nobody knows the picture any more.
    mutating func tileArrived(_ number: Int32) -> Bool {
        guard let key = keys[number] else { return false }
        pictures[key]?.arrivedTiles += 1
        return true
    }

    /// Whether the decoder ranks have all of a picture, or need none of it.
    func isComplete(_ key: String) -> Bool {
        pictures[key].map { !$0.isRequested || $0.arrivedTiles >= $0.tiles } ?? false
    }

    /// Tiles of a picture that have arrived.
    func arrivedTiles(_ key: String) -> Int { pictures[key]?.arrivedTiles ?? 0 }

    /// A request lets go of a picture, which it knows by key and number: another of the same content may have come.
    ///
    /// - Returns: the numbers that the ranks should forget now.
    mutating func release(_ key: String, _ number: Int32) -> [Int32] {
        guard let picture = pictures[key], picture.number == number else { return [] }
        pictures[key]?.users -= 1
        guard picture.users == 1 else { return [] }
        // Half a picture is of no use, and encoding the rest for nobody would delay others.
        guard picture.arrivedTiles >= picture.tiles, picture.bytes <= idle.limit else {
            return [remove(key)].compactMap { $0 }
        }
        return idle.insert((), for: key, weight: picture.bytes).compactMap { remove($0) }
    }

    /// Takes a picture out that cannot be encoded; the number to forget.
    mutating func remove(_ key: String) -> Int32? {
        guard let picture = pictures.removeValue(forKey: key) else { return nil }
        idle.remove(key)
        keys[picture.number] = nil
        byteCount -= picture.bytes
        return picture.number
    }

    /// The group has ended, and everything that it held.
    mutating func reset() {
        pictures = [:]
        keys = [:]
        idle.removeAll()
        byteCount = 0
    }
}
