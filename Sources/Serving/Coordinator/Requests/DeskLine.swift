/// Work that waits for a thread of the preparation desk: in turn between connections, in order within one.
///
/// Long bodies have a lane of their own, so that a megabyte of text, which takes half a second, holds up neither
/// another client's short question nor, while others have work too, more than one turn of theirs.
struct DeskLine<Work> {
    enum Lane: Int, CaseIterable {
        case short, long

        init(cost: Int) { self = cost <= 64 << 10 ? .short : .long }

        /// Threads of the desk that serve it.
        var threads: Int {
            switch self {
            case .short: 2
            case .long: 1
            }
        }
    }

    /// Threads of all lanes.
    static var threads: Int { Lane.allCases.reduce(0) { $0 + $1.threads } }

    private struct Entry {
        let work: Work
        let cost: Int
        /// The connection or call that it is for, of which an owner may have many.
        let sender: Int
    }

    private struct Queue {
        /// What each owner waits with, oldest first.
        var waiting: [Int: [Entry]] = [:]
        /// The owners in `waiting`, the next to have its turn first.
        var turns: [Int] = []
        var running = 0

        mutating func take(threads: Int) -> Work? {
            guard running < threads, !turns.isEmpty else { return nil }
            let owner = turns.removeFirst()
            guard let entry = waiting[owner]?.removeFirst() else { return nil }
            if waiting[owner]?.isEmpty == true { waiting[owner] = nil } else { turns.append(owner) }
            running += 1
            return entry.work
        }
    }

    /// By lane.
    private var queues = Lane.allCases.map { _ in Queue() }
    private var costs: [Int: Int] = [:]
    /// Bytes of everything that waits or is being worked on, in all and by connection.
    private(set) var cost = 0

    func cost(of owner: Int) -> Int { costs[owner, default: 0] }

    /// - Parameter sender: whose work `drop` takes out; the owner by default.
    mutating func append(_ work: Work, cost: Int, owner: Int, sender: Int? = nil) {
        self.cost += cost
        costs[owner, default: 0] += cost
        let lane = Lane(cost: cost).rawValue
        if queues[lane].waiting[owner] == nil { queues[lane].turns.append(owner) }
        queues[lane].waiting[owner, default: []].append(Entry(work: work, cost: cost, sender: sender ?? owner))
    }

    /// Takes the next piece of work that has a thread; it counts until `finish`.
    mutating func take() -> Work? {
        for lane in Lane.allCases {
            if let work = queues[lane.rawValue].take(threads: lane.threads) { return work }
        }
        return nil
    }

    /// Work of this cost, which had been taken, is done.
    mutating func finish(cost: Int, owner: Int) {
        queues[Lane(cost: cost).rawValue].running -= 1
        forget(cost, of: owner)
    }

    /// Takes everything out that a connection or a call waits with.
    mutating func drop(owner: Int, sender: Int? = nil) -> [Work] {
        var dropped: [Work] = []
        for lane in queues.indices {
            guard let entries = queues[lane].waiting.removeValue(forKey: owner) else { continue }
            let (gone, left) = (
                entries.filter { $0.sender == sender ?? owner }, entries.filter { $0.sender != sender ?? owner }
            )
            if left.isEmpty {
                queues[lane].turns.removeAll { $0 == owner }
            } else {
                queues[lane].waiting[owner] = left
            }
            for entry in gone { forget(entry.cost, of: owner) }
            dropped += gone.map(\.work)
        }
        return dropped
    }

    private mutating func forget(_ cost: Int, of owner: Int) {
        self.cost -= cost
        let left = costs[owner, default: 0] - cost
        costs[owner] = left > 0 ? left : nil
    }
}
