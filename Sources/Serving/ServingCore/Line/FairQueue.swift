internal import DequeModule

/// Requests in line: fair between owners, in order within one.
///
/// Next is the oldest request of the owner that has the fewest under way; of several such owners, the one whose oldest
/// request has waited longest. So a client with a hundred requests delays another's first by one at most. Requests under
/// suspicion of killing ranks stand in a line of their own.
struct FairQueue: Sendable {
    private struct Entry: Sendable {
        let ticket: Ticket
        /// Smaller is earlier.
        let place: Int
    }

    private struct Suspect: Sendable {
        let ticket: Ticket
        let owner: Owner
    }

    private var waiting: [Owner: Deque<Entry>] = [:]
    private var places: [Ticket: (owner: Owner, place: Int)] = [:]
    private var suspects: Deque<Suspect> = []
    private var underWay: [Owner: Int] = [:]
    private var nextPlace = 0
    private var firstPlace = -1

    var count: Int { places.count + suspects.count }
    var hasSuspects: Bool { !suspects.isEmpty }
    /// Requests in line that are under no suspicion.
    var innocentCount: Int { places.count }
    /// Everybody in line.
    var tickets: Set<Ticket> { Set(places.keys).union(suspects.map(\.ticket)) }
    /// Requests that were taken and not released.
    var underWayCount: Int { underWay.values.reduce(0, +) }

    /// Puts a request at the end of the line.
    mutating func append(_ ticket: Ticket, owner: Owner) {
        waiting[owner, default: []].append(Entry(ticket: ticket, place: nextPlace))
        places[ticket] = (owner, nextPlace)
        nextPlace += 1
    }

    /// Puts requests that had begun back, ahead of everybody, keeping their order.
    mutating func putBack(_ requests: [(ticket: Ticket, owner: Owner)]) {
        for (ticket, owner) in requests.reversed() {
            waiting[owner, default: []].prepend(Entry(ticket: ticket, place: firstPlace))
            places[ticket] = (owner, firstPlace)
            firstPlace -= 1
        }
    }

    /// Puts a request into the line of those under suspicion.
    mutating func suspect(_ ticket: Ticket, owner: Owner) {
        suspects.append(Suspect(ticket: ticket, owner: owner))
    }

    /// Takes the next request that is under no suspicion; it counts as under way until `release`.
    ///
    /// - Parameter isWanted: whose first in line is not wanted is passed over.
    mutating func take(where isWanted: (Ticket) -> Bool = { _ in true }) -> Ticket? {
        let wanted = waiting.filter { $0.value.first.map { isWanted($0.ticket) } ?? false }
        let next = wanted.min { a, b in
            let (first, second) = (a.value.first?.place ?? .max, b.value.first?.place ?? .max)
            return (underWay[a.key, default: 0], first) < (underWay[b.key, default: 0], second)
        }
        guard let owner = next?.key, let entry = waiting[owner]?.popFirst() else { return nil }
        if waiting[owner]?.isEmpty == true { waiting[owner] = nil }
        places[entry.ticket] = nil
        underWay[owner, default: 0] += 1
        return entry.ticket
    }

    /// Takes the next request under suspicion; it counts as under way until `release`.
    mutating func takeSuspect() -> Ticket? {
        guard let suspect = suspects.popFirst() else { return nil }
        underWay[suspect.owner, default: 0] += 1
        return suspect.ticket
    }

    /// Takes a request out of the line; of no effect if it is not in it.
    mutating func remove(_ ticket: Ticket) {
        suspects.removeAll { $0.ticket == ticket }
        guard let (owner, _) = places.removeValue(forKey: ticket) else { return }
        waiting[owner]?.removeAll { $0.ticket == ticket }
        if waiting[owner]?.isEmpty == true { waiting[owner] = nil }
    }

    /// A request of this owner is no longer under way.
    mutating func release(_ owner: Owner) {
        let left = underWay[owner, default: 0] - 1
        underWay[owner] = left > 0 ? left : nil
    }

    /// How many requests are ahead of this one; `nil` if it is not in line.
    func position(of ticket: Ticket) -> Int? {
        if let place = places[ticket]?.place {
            return suspects.count + places.values.reduce(0) { $0 + ($1.place < place ? 1 : 0) }
        }
        return suspects.firstIndex { $0.ticket == ticket }
    }
}
