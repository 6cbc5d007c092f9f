package import Communication
package import Kernels
package import Sharding

/// How the ranks' shares of a row-parallel product become their sum: who holds which nodes of the tree, what goes where.
///
/// A pure value: what is sent is known before anything is loaded.
package struct ReducePlan: Sendable, Equatable {
    /// Ways between domains; the same bits.
    enum Way: Sendable, Equatable {
        /// Everybody sends all of its partials to everybody, in one round.
        case direct
        /// Everybody adds up some of the columns, and the sums are gathered: two rounds, fewer bytes.
        case columns
        /// The same with rows, where there are enough of them.
        case rows
    }

    let width: Int
    let domains: MemoryDomains
    let network: NetworkModel?
    /// How sums travel between domains.
    let wire: WireFormat
    /// Partials of each rank.
    let ofRank: [Int]
    /// Partials of each domain.
    let ofDomain: [Int]
    /// The nodes that each domain's ranks make of their partials.
    let nodesOfDomain: [[NodeSum]]
    /// The sum, of the ranks' partials and of the domains' nodes.
    let rootOfRanks: NodeSum
    let rootOfDomains: NodeSum

    /// - Parameters:
    ///   - leaves: the leaf range of every rank.
    ///   - width: floats of a row.
    ///   - domains: which ranks share memory; by default none.
    ///   - network: between them; where it is not known, the way of the fewest bytes is taken.
    ///   - wire: how sums travel between them. What rounds takes the way of the fewest bytes: bits shall not depend on what
    ///     was measured.
    package init(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        domains: MemoryDomains? = nil,
        network: NetworkModel? = nil,
        wire: WireFormat = .f32
    ) {
        let nodes = leaves.map { tree.program(overLeaves: $0).partials }
        let domains = domains ?? .apart(leaves.count)
        precondition(domains.ranks == leaves.count, "\(domains.ranks) ranks in domains, \(leaves.count) with leaves")
        let nodesOfDomain = domains.members.map { ranks in NodeSum.all(tree, ranks.map { nodes[$0] }) }
        self.nodesOfDomain = nodesOfDomain
        ofDomain = nodesOfDomain.map(\.count)
        let ofRanks = NodeSum.all(tree, nodes)
        precondition(ofRanks.map(\.leaves) == [0..<tree.leafCount], "the leaves \(leaves) do not make up the tree")
        rootOfRanks = ofRanks[0]
        rootOfDomains = NodeSum.all(tree, nodesOfDomain.map { $0.map(\.leaves) })[0]
        ofRank = nodes.map(\.count)
        (self.width, self.domains, self.wire) = (width, domains, wire)
        self.network = wire.isExact ? network : nil
    }

    var ranks: Int { ofRank.count }
    var totalOfDomains: Int { rootOfDomains.merges.count }

    /// The way between the domains for so many rows: the faster one by the network's model.
    func way(rows: Int) -> Way {
        let direct = bytes(.direct, rows: rows)
        let sliced = bytes(.columns, rows: rows)
        if let network {
            let least = network.seconds(rounds: 1, bytes: direct.most)
            if least <= network.seconds(rounds: 2, bytes: sliced.most) { return .direct }
        } else if direct.sent <= sliced.sent {
            return .direct
        }
        return rows >= 8 * domains.count ? .rows : .columns
    }

    /// What the busiest speaker sends, and the most that one sends or takes in.
    private func bytes(_ way: Way, rows: Int) -> (sent: Int, most: Int) {
        let counts = ofDomain
        let total = totalOfDomains
        let others = counts.count - 1
        let row = rows * wire.bytes(width)
        let largest = counts.max() ?? 0
        guard way != .direct else {
            return (row * largest * others, row * max(largest * others, total - (counts.min() ?? 0)))
        }
        let sent = row * (largest + 1) * others / counts.count
        let taken = row * (total - (counts.min() ?? 0) + others) / counts.count
        return (sent, max(sent, taken))
    }

    /// The rounds of an all-reduce of so many rows between domains: of each the most bytes that a speaker sends or takes in;
    /// none in a group of one domain.
    package func rounds(rows: Int) -> [Int] {
        guard domains.count > 1 else { return [] }
        let way = way(rows: rows)
        if way == .direct { return [bytes(.direct, rows: rows).most] }
        let whole = rows * wire.bytes(width)
        var most = [0, 0]
        for (domain, own) in ofDomain.enumerated() {
            let slice = bytesOfSlice(domain, rows: rows, way)
            most[0] = max(most[0], (whole - slice) * own, slice * (totalOfDomains - own))
            most[1] = max(most[1], slice * (domains.count - 1), whole - slice)
        }
        return most
    }

    /// Bytes of the sums of the rows or columns that a domain adds up.
    private func bytesOfSlice(_ domain: Int, rows: Int, _ way: Way) -> Int {
        way == .rows
            ? self.rows(domain, of: rows).count * wire.bytes(width) : rows * wire.bytes(columns(domain).count)
    }

    /// The columns that a domain adds up; whole cache lines, and whole groups of numbers that travel together.
    func columns(_ domain: Int) -> Range<Int> {
        let line = max(16, wire.group)
        let lines = (width + line - 1) / line
        let (low, high) = (lines * domain / domains.count, lines * (domain + 1) / domains.count)
        return min(low * line, width)..<min(high * line, width)
    }

    /// The rows that a domain adds up.
    func rows(_ domain: Int, of rows: Int) -> Range<Int> {
        (rows * domain / domains.count)..<(rows * (domain + 1) / domains.count)
    }

    /// The bytes that this rank sends to other hosts in an all-reduce of `rows` rows; in a group of one host, those that
    /// others take out of its memory.
    package func bytesSent(_ rank: Int, rows: Int) -> Int {
        guard ranks > 1 else { return 0 }
        guard domains.count > 1 else { return SharedSlices(self).bytesSent(rank, rows: rows) }
        let (domain, place) = domains.place(of: rank)
        guard place == 0 else { return 0 }
        let partials = ofDomain[domain]
        let others = domains.count - 1
        switch way(rows: rows) {
        case .direct: return rows * partials * wire.bytes(width) * others
        case .columns:
            let own = wire.bytes(columns(domain).count)
            return rows * ((wire.bytes(width) - own) * partials + own * others)
        case .rows:
            let own = self.rows(domain, of: rows).count
            return wire.bytes(width) * ((rows - own) * partials + own * others)
        }
    }
}

/// How the ranks of one host share the additions of many rows; few rows are added up by every rank.
struct SharedSlices {
    let plan: ReducePlan

    init(_ plan: ReducePlan) { self.plan = plan }

    /// From this many bytes of partials on, each rank adds up a slice only.
    private static let slicedFromBytes = 256 << 10

    private var total: Int { plan.rootOfRanks.merges.count }

    func isSliced(rows: Int) -> Bool { rows * total * plan.width * 4 >= Self.slicedFromBytes && rows >= plan.ranks }

    /// The most rows up to `maxRows` that are not sliced.
    func mostUnslicedRows(upTo maxRows: Int) -> Int {
        min(maxRows, max(plan.ranks - 1, (Self.slicedFromBytes - 1) / (total * plan.width * 4)))
    }

    /// The rows that a rank adds up.
    func slice(_ rank: Int, of rows: Int) -> Range<Int> {
        (rows * rank / plan.ranks)..<(rows * (rank + 1) / plan.ranks)
    }

    /// Bytes of a rank's partials, and of its sums, that the others take.
    func taken(_ rank: Int, rows: Int) -> (partials: Int, sums: Int) {
        let (width, others) = (plan.width, plan.ranks - 1)
        guard isSliced(rows: rows) else { return (rows * plan.ofRank[rank] * width * 4 * others, 0) }
        let slice = slice(rank, of: rows).count
        return ((rows - slice) * plan.ofRank[rank] * width * 4, slice * others * width * 4)
    }

    func bytesSent(_ rank: Int, rows: Int) -> Int {
        let taken = taken(rank, rows: rows)
        return taken.partials + taken.sums
    }
}
