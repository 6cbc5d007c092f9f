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
    /// This domain's partials, `[rows, partials, width]`.
    private let own: FloatBuffer
    /// The others' partials, or those of them that this one adds up.
    private let received: FloatBuffer
    /// For the way by columns: what each of the others adds up.
    private let packed: FloatBuffer
    /// For slices: their sums, slice after slice.
    private let sums: FloatBuffer
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
        let sizes = Self.floats(plan, domain: domain, maxRows: maxRows)
        own = FloatBuffer(count: sizes.own)
        received = FloatBuffer(count: sizes.received)
        packed = FloatBuffer(count: sizes.packed)
        sums = FloatBuffer(count: sizes.sums)
        sent = BlockLayout(counts: Array(repeating: 0, count: plan.domains.count))
        taken = sent
        blocks = .allocate(capacity: counts.count)
        blocks.initialize(repeating: NodeSum.Block(own.pointer, count: 0, width: plan.width))
    }

    deinit { blocks.deallocate() }

    /// Floats of the work areas.
    private static func floats(
        _ plan: ReducePlan,
        domain: Int,
        maxRows: Int
    ) -> (own: Int, received: Int, packed: Int, sums: Int) {
        let own = maxRows * plan.ofDomain[domain] * plan.width
        guard plan.domains.count > 1 else { return (own, 0, 0, 0) }
        let others = plan.totalOfDomains - plan.ofDomain[domain]
        // The way by columns is taken up to so many rows.
        let byColumns = min(maxRows, 8 * plan.domains.count)
        return (
            own, maxRows * others * plan.width, byColumns * plan.ofDomain[domain] * plan.width, maxRows * plan.width
        )
    }

    /// Bytes of the work areas.
    static func workBytes(_ plan: ReducePlan, domain: Int, maxRows: Int) -> Int {
        let sizes = floats(plan, domain: domain, maxRows: maxRows)
        return 4 * (sizes.own + sizes.received + sizes.packed + sizes.sums)
    }

    /// The place for this domain's partials.
    func destination(rows: Int) -> Rows {
        Rows(own.pointer, count: rows, width: plan.width, stride: max(counts[domain], 1) * plan.width)
    }

    /// Sends the partials off.
    func begin(rows: Int) throws(MPIError) {
        self.rows = rows
        isInSecondRound = false
        guard let first else { return }
        way = plan.way(rows: rows)
        let width = plan.width
        switch way {
        case .direct:
            sent.update { [counts, domain] _ in rows * counts[domain] * width * 4 }
            sent.repeatOffset(0)
            taken.update { [counts, domain] in $0 == domain ? 0 : rows * counts[$0] * width * 4 }
            try first.begin(own.pointer, sent, into: received.pointer, taken)
        case .rows:
            let mine = plan.rows(domain, of: rows).count
            sent.update { [plan, counts, domain] in plan.rows($0, of: rows).count * counts[domain] * width * 4 }
            taken.update { [counts, domain] in $0 == domain ? 0 : mine * counts[$0] * width * 4 }
            try first.begin(own.pointer, sent, into: received.pointer, taken)
        case .columns:
            let mine = plan.columns(domain).count
            pack(rows)
            sent.update { [plan, counts, domain] in rows * counts[domain] * plan.columns($0).count * 4 }
            taken.update { [counts, domain] in $0 == domain ? 0 : rows * counts[$0] * mine * 4 }
            try first.begin(packed.pointer, sent, into: received.pointer, taken)
        }
    }

    /// Puts the columns of each domain one after the other.
    private func pack(_ rows: Int) {
        var place = packed.pointer
        for other in 0..<counts.count {
            let columns = plan.columns(other)
            if other != domain {
                for line in 0..<rows * counts[domain] {
                    (place + line * columns.count)
                        .update(from: own.pointer + line * plan.width + columns.lowerBound, count: columns.count)
                }
            }
            place += rows * counts[domain] * columns.count
        }
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
        let rows = rows
        let byRows = way == .rows
        let part = byRows ? plan.rows(domain, of: rows) : plan.columns(domain)
        let slice =
            byRows
            ? Rows(sums.pointer + part.lowerBound * plan.width, count: part.count, width: plan.width)
            : Rows(sums.pointer + rows * part.lowerBound, count: rows, width: part.count)
        point(at: received.pointer, rows: slice.count, width: slice.width)
        let mine = own.pointer + (byRows ? part.lowerBound * counts[domain] * plan.width : part.lowerBound)
        blocks[domain] = NodeSum.Block(mine, count: counts[domain], width: plan.width)
        plan.rootOfDomains.combine(pool, blocks, into: slice, adding: false)
        taken.update { [plan] other in
            4 * (byRows ? plan.rows(other, of: rows).count * plan.width : rows * plan.columns(other).count)
        }
        let (count, offset) = (Int(taken.counts[domain]), Int(taken.offsets[domain]))
        sent.update { _ in count }
        sent.repeatOffset(offset)
        try second?.begin(sums.pointer, sent, into: sums.pointer, taken)
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
            point(at: received.pointer, rows: rows, width: plan.width)
            blocks[domain] = NodeSum.Block(own.pointer, count: counts[domain], width: plan.width)
            return plan.rootOfDomains.combine(pool, blocks, into: target, adding: adding)
        }
        if !isInSecondRound { try beginSecondRound(pool: pool) }
        try second?.wait()
        if way == .rows { return move(Rows(sums.pointer, count: rows, width: plan.width), to: target, adding) }
        for other in counts.indices {
            let columns = plan.columns(other)
            let slice = Rows(sums.pointer + rows * columns.lowerBound, count: rows, width: columns.count)
            move(slice, to: target.columns(columns), adding)
        }
    }

    private func move(_ sum: Rows, to target: Rows, _ adding: Bool) {
        if adding { return Residual.add(pool, sum, to: target) }
        for row in 0..<sum.count { target.row(row).update(from: sum.row(row), count: sum.width) }
    }
}
