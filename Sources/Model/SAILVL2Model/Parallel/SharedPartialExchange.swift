internal import Communication
internal import Kernels

/// Ranks of one host: a product is written to shared memory and added up by everyone from where it lies.
///
/// ## Communication
/// Few rows: one round. Many rows: one round for the partials and one for the sums of the slices.
final class SharedPartialExchange: PartialExchange {
    private let plan: ReducePlan
    private let slicing: SharedSlices
    private let rank: Int
    private let pool: ThreadPool
    /// Partials of a few rows, in turns.
    private let few: SharedBlocks
    /// Partials of many rows, then the sums of each rank's slice: a round of one lies between two of the other.
    private let many: SharedBlocks?
    private let slices: SharedBlocks?
    private let blocks: UnsafeMutableBufferPointer<NodeSum.Block>

    /// `nil`, on every rank, where the ranks share no memory.
    ///
    /// Collective.
    init?(_ plan: ReducePlan, maxRows: Int, communicator: any Communicator, pool: ThreadPool) {
        let slicing = SharedSlices(plan)
        let unsliced = slicing.mostUnslicedRows(upTo: maxRows)
        let rowBytes = plan.ofRank.map { $0 * plan.width * 4 }
        guard let few = communicator.share(byteCounts: rowBytes.map { $0 * unsliced }) else { return nil }
        let isEverSliced = slicing.isSliced(rows: maxRows)
        many = isEverSliced ? communicator.share(byteCounts: rowBytes.map { $0 * maxRows }, copies: 1) : nil
        let sliceBytes = (maxRows / plan.ranks + 1) * plan.width * 4
        slices =
            isEverSliced
            ? communicator.share(byteCounts: plan.ofRank.map { _ in sliceBytes }, copies: 1) : nil
        guard !isEverSliced || (many != nil && slices != nil) else { return nil }
        (self.few, self.plan, self.slicing, self.pool) = (few, plan, slicing, pool)
        rank = communicator.rank
        blocks = .allocate(capacity: plan.ranks)
        blocks.initialize(
            repeating: NodeSum.Block(few.own.assumingMemoryBound(to: Float.self), count: 0, width: plan.width)
        )
    }

    deinit { blocks.deallocate() }

    /// Bytes of this rank's blocks.
    static func workBytes(_ plan: ReducePlan, rank: Int, maxRows: Int) -> Int {
        let slicing = SharedSlices(plan)
        let few = 2 * slicing.mostUnslicedRows(upTo: maxRows) * plan.ofRank[rank]
        let many = slicing.isSliced(rows: maxRows) ? maxRows * plan.ofRank[rank] + maxRows / plan.ranks + 1 : 0
        return 4 * plan.width * (few + many)
    }

    func destination(rows: Int) -> Rows {
        let shared = slicing.isSliced(rows: rows) ? many ?? few : few
        let stride = max(plan.ofRank[rank], 1) * plan.width
        return Rows(shared.own.assumingMemoryBound(to: Float.self), count: rows, width: plan.width, stride: stride)
    }

    /// Nothing travels: the others read where it lies.
    func begin(rows: Int) {}
    func poll() {}

    func finish(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) {
        let width = plan.width
        let taken = slicing.taken(rank, rows: rows)
        guard slicing.isSliced(rows: rows), let many, let slices else {
            few.complete(sending: taken.partials)
            point(to: few, row: 0)
            let target = Rows(residual, count: rows, width: width)
            return plan.rootOfRanks.combine(pool, blocks, into: target, adding: true)
        }
        many.complete(sending: taken.partials)
        let own = slicing.slice(rank, of: rows)
        point(to: many, row: own.lowerBound)
        let place = slices.own.assumingMemoryBound(to: Float.self)
        plan.rootOfRanks.combine(pool, blocks, into: Rows(place, count: own.count, width: width), adding: false)
        slices.complete(sending: taken.sums)
        for other in 0..<plan.ranks {
            let slice = slicing.slice(other, of: rows)
            let summed = slices.completed(other).assumingMemoryBound(to: Float.self)
            Residual.add(
                pool,
                Rows(summed, count: slice.count, width: width),
                to: Rows(residual + slice.lowerBound * width, count: slice.count, width: width)
            )
        }
    }

    /// Each rank's partials in a completed round, from this row on.
    private func point(to shared: SharedBlocks, row: Int) {
        for other in 0..<plan.ranks {
            let base = shared.completed(other).assumingMemoryBound(to: Float.self)
            let count = plan.ofRank[other]
            blocks[other] = NodeSum.Block(base + row * count * plan.width, count: count, width: plan.width)
        }
    }
}
