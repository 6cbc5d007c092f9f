internal import Communication
internal import Kernels

/// Several hosts with several ranks: partials meet in the memory of each host, and one rank a host speaks with the others.
///
/// ## Communication
/// A round in shared memory for the host's partials, `NetworkSum` between the speakers, a round for the sum.
final class DomainPartialExchange: PartialExchange {
    private let plan: ReducePlan
    private let pool: ThreadPool
    private let domain: Int
    private let place: Int
    /// The partials of the domain's ranks; a round of the sum lies between two of them, and the other way round.
    private let partials: SharedBlocks
    /// In the speaker's block, the sum.
    private let sum: SharedBlocks
    private let network: NetworkSum?
    private let blocks: UnsafeMutableBufferPointer<NodeSum.Block>

    /// `nil`, on every rank of the domain, where the system refuses memory.
    ///
    /// Collective.
    init?(_ plan: ReducePlan, maxRows: Int, fabric: RankFabric, pool: ThreadPool) {
        (self.plan, self.pool) = (plan, pool)
        (domain, place) = plan.domains.place(of: fabric.communicator.rank)
        let members = plan.domains.members[domain]
        let bytes = members.map { maxRows * plan.ofRank[$0] * plan.width * 4 }
        let sumBytes = members.indices.map { $0 == 0 ? maxRows * plan.width * 4 : 0 }
        guard let local = fabric.local, let partials = local.share(byteCounts: bytes, copies: 1),
            let sum = local.share(byteCounts: sumBytes, copies: 1)
        else { return nil }
        (self.partials, self.sum) = (partials, sum)
        network =
            place == 0 ? NetworkSum(plan, maxRows: maxRows, speakers: fabric.speakers, pool: pool) : nil
        blocks = .allocate(capacity: members.count)
        blocks.initialize(
            repeating: NodeSum.Block(partials.own.assumingMemoryBound(to: Float.self), count: 0, width: plan.width)
        )
    }

    deinit { blocks.deallocate() }

    /// Bytes of this rank's blocks in shared memory.
    static func sharedBytes(_ plan: ReducePlan, rank: Int, maxRows: Int) -> Int {
        let isSpeaker = plan.domains.place(of: rank).place == 0
        return maxRows * plan.width * 4 * (plan.ofRank[rank] + (isSpeaker ? 1 : 0))
    }

    func destination(rows: Int) -> Rows {
        let count = plan.ofRank[plan.domains.members[domain][place]]
        let base = partials.own.assumingMemoryBound(to: Float.self)
        return Rows(base, count: rows, width: plan.width, stride: max(count, 1) * plan.width)
    }

    func begin(rows: Int) throws(MPIError) {
        let members = plan.domains.members[domain]
        // What stays on the host is not sent.
        partials.complete(sending: 0)
        guard let network else { return }
        for (place, rank) in members.enumerated() {
            let base = partials.completed(place).assumingMemoryBound(to: Float.self)
            blocks[place] = NodeSum.Block(base, count: plan.ofRank[rank], width: plan.width)
        }
        let merged = network.destination(rows: rows)
        for (index, node) in plan.nodesOfDomain[domain].enumerated() {
            let target = Rows(merged.base + index * plan.width, count: rows, width: plan.width, stride: merged.stride)
            node.combine(pool, blocks, into: target, adding: false)
        }
        try network.begin(rows: rows)
    }

    func poll() throws(MPIError) { try network?.poll() }

    func finish(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        if let network {
            let place = sum.own.assumingMemoryBound(to: Float.self)
            try network.finish(into: Rows(place, count: rows, width: plan.width), adding: false)
        }
        sum.complete(sending: 0)
        let total = sum.completed(0).assumingMemoryBound(to: Float.self)
        let width = plan.width
        Residual.add(pool, Rows(total, count: rows, width: width), to: Rows(residual, count: rows, width: width))
    }
}
