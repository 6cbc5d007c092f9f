internal import Communication
internal import Kernels
internal import Tensors

/// One process in the place of several hosts with a rank each: rounds what they would send, and adds up what they would.
///
/// The same bits as theirs, so that a format of fewer bytes can be judged where there is one host.
///
/// ## Communication
/// None.
final class RehearsedExchange: PartialExchange {
    private let plan: ReducePlan
    private let pool: ThreadPool
    /// All hosts' partials, `[rows, partials, width]`.
    private let own: FloatBuffer
    private let sums: FloatBuffer
    private let blocks: UnsafeMutableBufferPointer<NodeSum.Block>

    init(_ plan: ReducePlan, maxRows: Int, pool: ThreadPool) {
        (self.plan, self.pool) = (plan, pool)
        let total = plan.totalOfDomains
        own = FloatBuffer(count: maxRows * total * plan.width)
        sums = FloatBuffer(count: maxRows * plan.width)
        blocks = .allocate(capacity: plan.ofDomain.count)
        blocks.initialize(repeating: NodeSum.Block(own.pointer, count: total, width: plan.width))
        var partials = 0
        for (host, count) in plan.ofDomain.enumerated() {
            blocks[host].base += partials * plan.width
            partials += count
        }
    }

    deinit { blocks.deallocate() }

    func destination(rows: Int) -> Rows {
        Rows(own.pointer, count: rows, width: plan.width, stride: plan.totalOfDomains * plan.width)
    }

    func begin(rows: Int) { round(Rows(own.pointer, count: rows * plan.totalOfDomains, width: plan.width)) }
    func poll() {}

    func finish(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) {
        let target = Rows(residual, count: rows, width: plan.width)
        guard plan.way(rows: rows) != .direct else {
            return plan.rootOfDomains.combine(pool, blocks, into: target, adding: true)
        }
        let sum = Rows(sums.pointer, count: rows, width: plan.width)
        plan.rootOfDomains.combine(pool, blocks, into: sum, adding: false)
        round(sum)
        Residual.add(pool, sum, to: target)
    }

    private func round(_ lines: Rows) {
        let wire = plan.wire
        guard !wire.isExact else { return }
        pool.run(lines.count) { line in
            withUnsafeTemporaryAllocation(byteCount: wire.bytes(lines.width), alignment: 16) { place in
                if let base = place.baseAddress { wire.pack(lines.row(line), count: lines.width, into: base) }
            }
        }
    }
}
