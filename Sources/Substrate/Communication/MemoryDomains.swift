/// Which ranks of a group share memory: a domain is a host, or a part of one.
package struct MemoryDomains: Sendable, Equatable {
    /// The ranks of each domain, rising; domains in the order of their first ranks, which speak for them.
    package let members: [[Int]]

    /// - Parameter labels: of each rank; ranks of one label share memory.
    package init(labels: [Int]) {
        var domains: [[Int]] = []
        var places: [Int: Int] = [:]
        for (rank, label) in labels.enumerated() {
            if let place = places[label] {
                domains[place].append(rank)
            } else {
                places[label] = domains.count
                domains.append([rank])
            }
        }
        members = domains
    }

    /// Every rank for itself.
    package static func apart(_ ranks: Int) -> MemoryDomains { MemoryDomains(labels: Array(0..<ranks)) }
    /// All ranks in one.
    package static func together(_ ranks: Int) -> MemoryDomains {
        MemoryDomains(labels: Array(repeating: 0, count: ranks))
    }

    package var ranks: Int { members.reduce(0) { $0 + $1.count } }
    package var count: Int { members.count }
    /// Whether somebody shares memory and somebody does not.
    package var isMixed: Bool { count > 1 && count < ranks }

    /// The domain of a rank, and the rank's place in it.
    package func place(of rank: Int) -> (domain: Int, place: Int) {
        for (domain, ranks) in members.enumerated() {
            if let place = ranks.firstIndex(of: rank) { return (domain, place) }
        }
        preconditionFailure("rank \(rank) is in no domain of \(members)")
    }
}
