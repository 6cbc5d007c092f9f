internal import ServingCore

/// Whom calls over HTTP are of, for fairness: clients open as many connections as they like, and count as one.
struct OwnerTable: Sendable {
    enum Key: Hashable, Sendable {
        /// By its place in the list of tokens.
        case token(Int)
        case address(PeerAddress)
        /// Somebody without an address.
        case local
    }

    private struct Entry {
        let owner: Owner
        var calls = 0
    }

    private var entries: [Key: Entry] = [:]
    private var last = 0
    var count: Int { entries.count }

    /// Owners that are known without a call under way.
    static let mostResting = 256

    /// A call has come; its owner, whom no connection of the line has the number of.
    mutating func enter(_ key: Key) -> Owner {
        if entries[key] == nil {
            last -= 1
            entries[key] = Entry(owner: last)
        }
        entries[key]?.calls += 1
        return entries[key]?.owner ?? last
    }

    /// A call is over.
    ///
    /// Who has none under way keeps the number for the next, unless there are many of those.
    mutating func leave(_ key: Key) {
        entries[key]?.calls -= 1
        if entries.count > Self.mostResting { entries = entries.filter { $0.value.calls > 0 } }
    }
}
