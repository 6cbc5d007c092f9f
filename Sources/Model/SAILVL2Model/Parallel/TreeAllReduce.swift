package import Communication
package import Kernels
package import Sharding

/// Sums the ranks' shares of a row-parallel product along the model's fixed tree, the same bits for any rank count.
///
/// Each rank's product comes as its partials: the whole nodes of the tree inside the leaves that it owns. How they meet
/// is `ReducePlan`'s affair. Between hosts, two sums can be under way at a time, in slots, while others are computed.
///
/// | Tensor   | On each rank                                   |
/// |----------|------------------------------------------------|
/// | product  | `[rows, partials of the rank, width]`          |
/// | residual | `[rows, width]`, the same on every rank after  |
///
/// ## Communication
/// On one host every rank takes the others' partials, or its slice of them and then the sums, out of shared memory.
/// Between hosts one rank of each sends and takes messages. None in a group of one.
package final class TreeAllReduce {
    /// How this rank adds up its own leaves.
    package let ownProgram: ReductionTree.Program
    package let plan: ReducePlan
    private let slots: [any PartialExchange]
    private var isUnderWay: [Bool]
    private let rank: Int
    private let isRehearsal: Bool
    /// All-reduces so far, and the bytes that this rank sent for them.
    package private(set) var calls = 0
    package private(set) var bytesSent = 0

    /// From so many rows on, halves of them take turns: one travels while the other is computed.
    private static let overlappedRows = 64

    /// Collective: every rank of the group must make the same ones in the same order.
    ///
    /// - Parameters:
    ///   - leaves: the leaf range of every rank.
    ///   - width: floats of a row.
    ///   - maxRows: rows of a step at most.
    ///   - wire: how sums travel between hosts; inside of one they stay as they are.
    package init(
        tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        maxRows: Int,
        fabric: RankFabric,
        pool: ThreadPool,
        wire: WireFormat = .f32
    ) {
        let communicator = fabric.communicator
        rank = communicator.rank
        ownProgram = tree.program(overLeaves: leaves[rank])
        let plan = ReducePlan(
            tree: tree,
            leaves: leaves,
            width: width,
            domains: fabric.domains,
            network: fabric.network,
            wire: wire
        )
        let shared = Self.sharedSlots(plan, maxRows: maxRows, fabric, pool)
        // Messages serve everybody where memory is refused to one.
        if communicator.agree(shared != nil) {
            self.plan = plan
            slots = shared ?? []
        } else {
            let apart = RankFabric(apart: communicator)
            let plan = ReducePlan(tree: tree, leaves: leaves, width: width, wire: wire)
            self.plan = plan
            slots = Self.slotRows(plan, maxRows: maxRows).map {
                NetworkPartialExchange(plan, maxRows: $0, fabric: apart, pool: pool)
            }
        }
        isUnderWay = slots.map { _ in false }
        isRehearsal = false
    }

    /// In a group of one: what hosts with a rank each would come to, to the bit.
    ///
    /// - Parameter leaves: the leaf range of every host.
    package init(
        rehearsing tree: ReductionTree,
        leaves: [Range<Int>],
        width: Int,
        maxRows: Int,
        pool: ThreadPool,
        wire: WireFormat
    ) {
        rank = 0
        ownProgram = tree.program(overLeavesApart: leaves)
        plan = ReducePlan(tree: tree, leaves: leaves, width: width, wire: wire)
        slots = [RehearsedExchange(plan, maxRows: maxRows, pool: pool)]
        isUnderWay = [false]
        isRehearsal = true
    }

    /// The exchanges of a plan; `nil` where the system refuses the memory that the plan shares.
    private static func sharedSlots(
        _ plan: ReducePlan,
        maxRows: Int,
        _ fabric: RankFabric,
        _ pool: ThreadPool
    ) -> [any PartialExchange]? {
        let communicator = fabric.communicator
        if plan.ranks > 1, plan.domains.count == 1 {
            let shared = SharedPartialExchange(plan, maxRows: maxRows, communicator: communicator, pool: pool)
            return shared.map { [$0] }
        }
        var slots: [any PartialExchange] = []
        for rows in slotRows(plan, maxRows: maxRows) {
            if plan.domains.isMixed {
                guard let mixed = DomainPartialExchange(plan, maxRows: rows, fabric: fabric, pool: pool) else {
                    return nil
                }
                slots.append(mixed)
            } else {
                slots.append(NetworkPartialExchange(plan, maxRows: rows, fabric: fabric, pool: pool))
            }
        }
        return slots
    }

    /// Rows of each slot: two between hosts, where a step can have many rows.
    private static func slotRows(_ plan: ReducePlan, maxRows: Int) -> [Int] {
        guard plan.domains.count > 1, maxRows >= overlappedRows else { return [maxRows] }
        return [max((maxRows + 1) / 2, overlappedRows - 1), maxRows / 2]
    }

    /// Whether the ranks exchange through shared memory alone.
    package var isShared: Bool { slots[0] is SharedPartialExchange }

    /// Into how many blocks a step's rows are divided, each with a slot of its own.
    package func blocks(rows: Int) -> Int { slots.count > 1 && rows >= Self.overlappedRows ? 2 : 1 }

    /// The rows of each of these blocks, in a group of so many domains.
    package static func blockRows(_ rows: Int, domains: Int) -> [Int] {
        domains > 1 && rows >= overlappedRows ? [(rows + 1) / 2, rows / 2] : [rows]
    }

    /// Bytes of the work areas: what `init` allocates.
    package static func workBytes(_ plan: ReducePlan, rank: Int, maxRows: Int) -> Int {
        let (domain, place) = plan.domains.place(of: rank)
        if plan.ranks > 1, plan.domains.count == 1 {
            return SharedPartialExchange.workBytes(plan, rank: rank, maxRows: maxRows)
        }
        return slotRows(plan, maxRows: maxRows).reduce(0) { sum, rows in
            let network = place == 0 ? NetworkWork.bytes(plan, domain: domain, maxRows: rows) : 0
            let isMixed = plan.domains.isMixed
            return sum + network + (isMixed ? DomainPartialExchange.sharedBytes(plan, rank: rank, maxRows: rows) : 0)
        }
    }

    /// Bytes of `rank` that lie in memory which the ranks of one host share; part of ``workBytes``.
    package static func sharedBytes(_ plan: ReducePlan, rank: Int, maxRows: Int) -> Int {
        guard plan.ranks > 1 else { return 0 }
        if plan.domains.count == 1 { return SharedPartialExchange.workBytes(plan, rank: rank, maxRows: maxRows) }
        guard plan.domains.isMixed else { return 0 }
        return slotRows(plan, maxRows: maxRows).reduce(0) {
            $0 + DomainPartialExchange.sharedBytes(plan, rank: rank, maxRows: $1)
        }
    }

    /// The place for this rank's product of `rows` rows.
    ///
    /// Row `t`'s partial `p` is at `t · stride + p · width`. To be asked for before every `begin`.
    package func destination(rows: Int, slot: Int = 0) -> Rows { slots[slot].destination(rows: rows) }

    /// Lets this rank's product go; other work can be done before `finish`.
    ///
    /// Collective: every rank of the group must call it.
    package func begin(rows: Int, slot: Int = 0) throws(MPIError) {
        calls += 1
        if !isRehearsal { bytesSent += plan.bytesSent(rank, rows: rows) }
        try slots[slot].begin(rows: rows)
        isUnderWay[slot] = true
    }

    /// Moves on what is under way, on the thread that owns MPI.
    package func poll() throws(MPIError) {
        for (slot, isUnderWay) in isUnderWay.enumerated() where isUnderWay { try slots[slot].poll() }
    }

    /// Adds the sum of all ranks' products to `residual`, `[rows, width]`.
    ///
    /// Collective: every rank of the group must call it.
    package func finish(rows: Int, slot: Int = 0, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        isUnderWay[slot] = false
        try slots[slot].finish(rows: rows, addingTo: residual)
    }

    /// Both at once.
    package func reduce(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        try begin(rows: rows)
        try finish(rows: rows, addingTo: residual)
    }
}
