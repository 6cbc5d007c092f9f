/// The tokens of a vocabulary: from name to id, and from id to the bytes that it decodes to.
///
/// Names and bytes lie in two arenas, since 150,000 strings of their own would cost more than the text.
struct TokenTable: Sendable {
    /// Ids at or above this are refused before anything is sized by them.
    static let largestSize = 1 << 22

    private struct Entry {
        var nameStart: Int
        var nameCount: Int
        var id: Int32
    }

    private var names: [UInt8] = []
    private var entries: [Entry] = []
    /// Open addressing by name: an index into `entries`, or -1.
    private var slots: [Int32]
    /// The entry of each id, or -1.
    private var entryOfID: [Int32] = []
    private var decoded: [UInt8] = []
    private var decodedRanges: [Range<Int>] = []

    init() { slots = Array(repeating: -1, count: 1 << 10) }

    /// One more than the highest id.
    var size: Int { entryOfID.count }

    /// Adds a token; returns the name that has this id already, or the same name's other id, as words.
    mutating func insert(_ name: String, id: Int32) -> String? {
        if let known = self.id(of: name), known != id { return "the id \(known) of the same token" }
        if Int(id) < size, let other = self.name(of: id) {
            return other == name ? nil : "the token \"\(other)\" of the same id"
        }
        let count = name.utf8.count
        entries.append(Entry(nameStart: names.count, nameCount: count, id: id))
        names.append(contentsOf: name.utf8)
        if Int(id) >= size {
            let missing = Int(id) + 1 - size
            entryOfID.append(contentsOf: repeatElement(-1, count: missing))
            decodedRanges.append(contentsOf: repeatElement(0..<0, count: missing))
        }
        entryOfID[Int(id)] = Int32(entries.count - 1)
        let start = decoded.count
        Array(name.utf8).withUnsafeBufferPointer { ByteAlphabet.appendBytes(of: $0, to: &decoded) }
        decodedRanges[Int(id)] = start..<decoded.count
        index(entries.count - 1)
        return nil
    }

    /// The id of the token that is called `name` in the files.
    func id(of name: String) -> Int32? {
        var name = name
        return name.withUTF8 { id(of: $0) }
    }

    /// The id of the token whose name is these UTF-8 bytes.
    func id(of name: UnsafeBufferPointer<UInt8>) -> Int32? {
        var slot = Int(truncatingIfNeeded: ByteHash.hash(name)) & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.nameCount == name.count, isName(name, at: entry.nameStart) { return entry.id }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The name of the token `id`, or `nil` if there is none.
    func name(of id: Int32) -> String? {
        guard id >= 0, Int(id) < size, entryOfID[Int(id)] >= 0 else { return nil }
        let entry = entries[Int(entryOfID[Int(id)])]
        return String(decoding: names[entry.nameStart..<entry.nameStart + entry.nameCount], as: UTF8.self)
    }

    /// Appends what `id` decodes to: nothing for an id that no token has.
    func appendBytes(of id: Int32, to bytes: inout [UInt8]) {
        guard id >= 0, Int(id) < size else { return }
        bytes.append(contentsOf: decoded[decodedRanges[Int(id)]])
    }

    @inline(__always)
    private func isName(_ name: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        for index in 0..<name.count where names[start + index] != name[index] { return false }
        return true
    }

    // MARK: The index

    /// Keeps the index at most half full.
    private mutating func index(_ entry: Int) {
        if entries.count * 2 > slots.count {
            slots = Array(repeating: -1, count: slots.count * 2)
            for earlier in 0..<entry { place(earlier) }
        }
        place(entry)
    }

    private mutating func place(_ entry: Int) {
        let range = entries[entry].nameStart..<entries[entry].nameStart + entries[entry].nameCount
        let hash = names.withUnsafeBufferPointer { ByteHash.hash(UnsafeBufferPointer(rebasing: $0[range])) }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(entry)
    }
}
