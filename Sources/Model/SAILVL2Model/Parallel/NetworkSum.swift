internal import Communication
internal import Kernels
internal import Tensors

/// The sum of what several domains hold, each of which has its partials here: in messages, in one round or two.
///
/// ## Communication
/// See `ReducePlan.Way`. None in a group of one domain.
final class NetworkSum {
    private let plan: ReducePlan
    private let pool: ThreadPool
    private let domain: Int
    private let counts: [Int]
    private let first: (any BlockExchange)?
    private let second: (any BlockExchange)?
    private let work: NetworkWork
    private var sent: BlockLayout
    private var taken: BlockLayout
    private let blocks: UnsafeMutableBufferPointer<NodeSum.Block>
    /// What is under way.
    private var rows = 0
    private var way = ReducePlan.Way.direct
    private var isInSecondRound = false

    /// - Parameters:
    ///   - speakers: of the domains; `nil` in a group of one.
    init(_ plan: ReducePlan, maxRows: Int, speakers: (any Communicator)?, pool: ThreadPool) {
        (self.plan, self.pool) = (plan, pool)
        domain = speakers?.rank ?? 0
        counts = plan.ofDomain
        first = speakers?.blockExchange()
        second = speakers?.blockExchange()
        work = NetworkWork(plan, domain: domain, maxRows: maxRows)
        sent = BlockLayout(counts: Array(repeating: 0, count: plan.domains.count))
        taken = sent
        blocks = .allocate(capacity: counts.count)
        blocks.initialize(repeating: NodeSum.Block(work.own.pointer, count: 0, width: plan.width))
    }

    deinit { blocks.deallocate() }

    /// The place for this domain's partials.
    func destination(rows: Int) -> Rows {
        Rows(work.own.pointer, count: rows, width: plan.width, stride: max(counts[domain], 1) * plan.width)
    }

    /// Sends the partials off.
    func begin(rows: Int) throws(MPIError) {
        self.rows = rows
        isInSecondRound = false
        guard let first else { return }
        way = plan.way(rows: rows)
        let line = plan.wire.bytes(plan.width)
        switch way {
        case .direct:
            sent.update { [counts, domain] _ in rows * counts[domain] * line }
            sent.repeatOffset(0)
            taken.update { [counts, domain] in $0 == domain ? 0 : rows * counts[$0] * line }
        case .rows:
            let mine = plan.rows(domain, of: rows).count
            sent.update { [plan, counts, domain] in plan.rows($0, of: rows).count * counts[domain] * line }
            taken.update { [counts, domain] in $0 == domain ? 0 : mine * counts[$0] * line }
        case .columns:
            let mine = plan.wire.bytes(plan.columns(domain).count)
            sent.update { [plan, counts, domain] other in
                rows * counts[domain] * plan.wire.bytes(plan.columns(other).count)
            }
            taken.update { [counts, domain] in $0 == domain ? 0 : rows * counts[$0] * mine }
        }
        let outgoing = way == .columns ? work.packedColumns(rows: rows) : work.packedRows(rows: rows, pool)
        try first.begin(outgoing, sent, into: work.incoming, taken)
    }

    /// Moves messages on; between two rounds the caller adds its slice up by itself.
    func poll() throws(MPIError) {
        guard let first, way != .direct, !isInSecondRound else {
            _ = try (isInSecondRound ? second : first)?.poll()
            return
        }
        if try first.poll() { try beginSecondRound(pool: nil) }
    }

    private func beginSecondRound(pool: ThreadPool?) throws(MPIError) {
        isInSecondRound = true
        let (rows, width) = (rows, plan.width)
        let byRows = way == .rows
        let (part, slice) = slice(of: domain)
        work.unpackPartials(rows: slice.count, width: slice.width, pool)
        point(at: work.received.pointer, rows: slice.count, width: slice.width)
        let mine = work.own.pointer + (byRows ? part.lowerBound * counts[domain] * width : part.lowerBound)
        blocks[domain] = NodeSum.Block(mine, count: counts[domain], width: width)
        plan.rootOfDomains.combine(pool, blocks, into: slice, adding: false)
        taken.update { [plan] other in
            byRows
                ? plan.rows(other, of: rows).count * plan.wire.bytes(width)
                : rows * plan.wire.bytes(plan.columns(other).count)
        }
        let (count, offset) = (Int(taken.counts[domain]), Int(taken.offsets[domain]))
        sent.update { _ in count }
        sent.repeatOffset(offset)
        let sums = work.packedSums(slice, at: offset, pool)
        try second?.begin(sums, sent, into: sums, taken)
    }

    /// The others' blocks of `[rows, partials, width]`, one after the other.
    private func point(at base: UnsafeMutablePointer<Float>, rows: Int, width: Int) {
        var place = base
        for other in counts.indices where other != domain {
            blocks[other] = NodeSum.Block(place, count: counts[other], width: width)
            place += rows * counts[other] * width
        }
    }

    /// Waits for the sum, and puts it into `target`, or adds it to that.
    func finish(into target: Rows, adding: Bool) throws(MPIError) {
        try first?.wait()
        if way == .direct || first == nil {
            if first != nil { work.unpackPartials(rows: rows, width: plan.width, pool) }
            point(at: work.received.pointer, rows: rows, width: plan.width)
            blocks[domain] = NodeSum.Block(work.own.pointer, count: counts[domain], width: plan.width)
            return plan.rootOfDomains.combine(pool, blocks, into: target, adding: adding)
        }
        if !isInSecondRound { try beginSecondRound(pool: pool) }
        try second?.wait()
        for other in counts.indices {
            let (part, slice) = slice(of: other)
            if other != domain { work.unpackSums(slice, at: Int(taken.offsets[other]), pool) }
            move(slice, to: way == .rows ? target.rows(part) : target.columns(part), adding)
        }
    }

    /// The rows or columns that a domain adds up, and the place for their sums.
    private func slice(of domain: Int) -> (part: Range<Int>, sums: Rows) {
        guard way == .rows else {
            let part = plan.columns(domain)
            return (part, Rows(work.sums.pointer + rows * part.lowerBound, count: rows, width: part.count))
        }
        let part = plan.rows(domain, of: rows)
        return (part, Rows(work.sums.pointer + part.lowerBound * plan.width, count: part.count, width: plan.width))
    }

    private func move(_ sum: Rows, to target: Rows, _ adding: Bool) {
        if adding { return Residual.add(pool, sum, to: target) }
        for row in 0..<sum.count { target.row(row).update(from: sum.row(row), count: sum.width) }
    }
}
