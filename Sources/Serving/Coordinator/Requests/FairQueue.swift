/// Requests in line: fair between connections, in order within one.
///
/// Next is the oldest request of the connection that has the fewest under way; of several such connections, the one
/// whose oldest request has waited longest. So a client with a hundred requests delays another's first by one at most.
struct FairQueue {
    private struct Entry {
        let id: String
        let owner: Int
        /// Smaller is earlier.
        let place: Int
    }

    private var entries: [Entry] = []
    private var underWay: [Int: Int] = [:]
    private var nextPlace = 0
    private var firstPlace = -1

    var count: Int { entries.count }
    var ids: [String] { entries.map(\.id) }

    /// Puts a request at the end of the line.
    mutating func append(_ id: String, owner: Int) {
        entries.append(Entry(id: id, owner: owner, place: nextPlace))
        nextPlace += 1
    }

    /// Puts requests that had begun back, ahead of everybody, keeping their order.
    mutating func putBack(_ requests: [(id: String, owner: Int)]) {
        for request in requests.reversed() {
            entries.insert(Entry(id: request.id, owner: request.owner, place: firstPlace), at: 0)
            firstPlace -= 1
            release(request.owner)
        }
    }

    /// Takes the next request; it counts as under way until `release`.
    mutating func take() -> String? {
        var best: Int?
        var seen: Set<Int> = []
        for (index, entry) in entries.enumerated() where seen.insert(entry.owner).inserted {
            guard let current = best else {
                best = index
                continue
            }
            if underWay[entry.owner, default: 0] < underWay[entries[current].owner, default: 0] { best = index }
        }
        guard let best else { return nil }
        let entry = entries.remove(at: best)
        underWay[entry.owner, default: 0] += 1
        return entry.id
    }

    /// Takes a request out of the line; `false` if it is not in it.
    mutating func remove(_ id: String) -> Bool {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return false }
        entries.remove(at: index)
        return true
    }

    /// A request of this connection has ended.
    mutating func release(_ owner: Int) {
        let left = underWay[owner, default: 0] - 1
        underWay[owner] = left > 0 ? left : nil
    }

    /// How many requests are ahead of this one; `nil` if it is not in line.
    func position(of id: String) -> Int? { entries.firstIndex { $0.id == id } }
}
