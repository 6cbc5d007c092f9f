/// The hosts of several groups that know nothing of each other: a pure value.
///
/// Whole hosts are dealt out first, so that the loss of a host is the loss of one group; a host is shared only where a group
/// would have too few slots otherwise.
package struct HostDivision: Sendable, Equatable {
    /// What a group has of a host.
    package struct Part: Sendable, Equatable {
        /// In the list of all hosts.
        package var host: Int
        package var slots: Int
        /// The slots of the host that other groups have, those before it and those behind it.
        package var before = 0
        package var behind = 0

        /// Whether no other group is there.
        package var isWhole: Bool { before == 0 && behind == 0 }
    }

    /// Of each group, in the order of the hosts.
    package let groups: [[Part]]

    /// - Parameters:
    ///   - slots: ranks that each host takes at most.
    ///   - ranks: of each group.
    /// - Throws: ``LaunchError`` if there are too few slots.
    package init(slots: [Int], groups count: Int, ranks: Int) throws(LaunchError) {
        // More than all ranks together nobody needs, and a host of which nothing is known has room for them.
        let slots = slots.map { min($0, count * ranks) }
        let sum = slots.reduce(0, +)
        guard sum >= count * ranks else {
            throw LaunchError(
                "\(count) groups of \(ranks) ranks need \(count * ranks) slots, and the hosts have \(sum)",
                hint: "name more hosts or more slots in the hostfile, or ask for fewer groups or ranks"
            )
        }
        let candidates = [Self.fair(slots, count), Self.filled(slots, count, ranks)].map { deal in
            Self.shared(deal, ranks)
        }
        // The fair deal, unless the other leaves more hosts whole.
        let best = candidates.min { Self.sharedHosts($0, slots.count) < Self.sharedHosts($1, slots.count) } ?? []
        groups = best.enumerated().map { group, taken in
            slots.indices.filter { taken[$0] > 0 }.map { host in
                var part = Part(host: host, slots: taken[host])
                part.before = best[..<group].reduce(0) { $0 + $1[host] }
                part.behind = best[(group + 1)...].reduce(0) { $0 + $1[host] }
                return part
            }
        }
    }

    /// Slots of each group on each host.
    private typealias Deal = [[Int]]

    /// The largest host first, each to the group that has least.
    private static func fair(_ slots: [Int], _ count: Int) -> Deal {
        var deal = Deal(repeating: slots.map { _ in 0 }, count: count)
        for host in slots.indices.sorted(by: { (-slots[$0], $0) < (-slots[$1], $1) }) {
            let sums = deal.map { $0.reduce(0, +) }
            let least = deal.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
            deal[least][host] = slots[host]
        }
        return deal
    }

    /// In the order of the hosts, one group after the other until it has enough; the last has the rest.
    private static func filled(_ slots: [Int], _ count: Int, _ ranks: Int) -> Deal {
        var deal = Deal(repeating: slots.map { _ in 0 }, count: count)
        var group = 0
        for host in slots.indices {
            deal[group][host] = slots[host]
            if group + 1 < count, deal[group].reduce(0, +) >= ranks { group += 1 }
        }
        return deal
    }

    /// Gives groups that have too few slots some of those that have more, of as few hosts as can be.
    private static func shared(_ deal: Deal, _ ranks: Int) -> Deal {
        var deal = deal
        for group in deal.indices {
            while true {
                let missing = ranks - deal[group].reduce(0, +)
                guard missing > 0 else { break }
                var best: (donor: Int, host: Int, count: Int)?
                for donor in deal.indices where donor != group {
                    let surplus = deal[donor].reduce(0, +) - ranks
                    for host in deal[donor].indices {
                        let count = min(missing, surplus, deal[donor][host])
                        if count > best?.count ?? 0 { best = (donor, host, count) }
                    }
                }
                // There are slots enough in all, so that somebody has more than it needs.
                guard let best else { break }
                deal[best.donor][best.host] -= best.count
                deal[group][best.host] += best.count
            }
        }
        return deal
    }

    private static func sharedHosts(_ deal: Deal, _ hosts: Int) -> Int {
        (0..<hosts).count { host in deal.count { $0[host] > 0 } > 1 }
    }
}
