internal import Communication
internal import Kernels
internal import Tensors

/// The work areas of a `NetworkSum`, and what messages carry of them.
///
/// Where numbers travel as they are, messages go out of partials and sums where they lie, and come to where they are added
/// up. In a format of fewer bytes they are packed before and unpacked after; what this domain keeps is rounded as well, so
/// that all domains add up the same numbers.
final class NetworkWork {
    private let plan: ReducePlan
    private let domain: Int
    /// This domain's partials, `[rows, partials, width]`.
    let own: FloatBuffer
    /// The others' partials, or those of them that this one adds up.
    let received: FloatBuffer
    /// For slices: their sums, slice after slice.
    let sums: FloatBuffer
    /// Messages that are put together: columns of each domain, or whole rows in a format of fewer bytes.
    private let outgoing: FloatBuffer
    /// Others' partials and sums in a format of fewer bytes.
    private let arrived: FloatBuffer
    private let packedSums: FloatBuffer

    init(_ plan: ReducePlan, domain: Int, maxRows: Int) {
        (self.plan, self.domain) = (plan, domain)
        let sizes = Self.sizes(plan, domain: domain, maxRows: maxRows)
        own = FloatBuffer(count: sizes[0])
        received = FloatBuffer(count: sizes[1])
        sums = FloatBuffer(count: sizes[2])
        outgoing = FloatBuffer(count: sizes[3])
        arrived = FloatBuffer(count: sizes[4])
        packedSums = FloatBuffer(count: sizes[5])
    }

    /// Floats of each area, in the order in which they are declared.
    private static func sizes(_ plan: ReducePlan, domain: Int, maxRows: Int) -> [Int] {
        let counts = (own: plan.ofDomain[domain], others: plan.totalOfDomains - plan.ofDomain[domain])
        let own = maxRows * counts.own * plan.width
        guard plan.domains.count > 1 else { return [own, 0, 0, 0, 0, 0] }
        let areas = [own, maxRows * counts.others * plan.width, maxRows * plan.width]
        // The way by columns is taken up to so many rows.
        let byColumns = min(maxRows, 8 * plan.domains.count)
        guard !plan.wire.isExact else { return areas + [byColumns * counts.own * plan.width, 0, 0] }
        let line = (plan.wire.bytes(plan.width) + 3) / 4
        return areas + [maxRows * counts.own * line, maxRows * counts.others * line, maxRows * line]
    }

    /// Bytes of all of them.
    static func bytes(_ plan: ReducePlan, domain: Int, maxRows: Int) -> Int {
        4 * sizes(plan, domain: domain, maxRows: maxRows).reduce(0, +)
    }

    /// Where the others' partials come to.
    var incoming: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(plan.wire.isExact ? received.pointer : arrived.pointer)
    }

    // MARK: Partials

    /// This domain's partials, row after row.
    func packedRows(rows: Int, _ pool: ThreadPool) -> UnsafeRawPointer {
        guard !plan.wire.isExact else { return UnsafeRawPointer(own.pointer) }
        let lines = Rows(own.pointer, count: rows * plan.ofDomain[domain], width: plan.width)
        pack(lines, into: UnsafeMutableRawPointer(outgoing.pointer), pool)
        return UnsafeRawPointer(outgoing.pointer)
    }

    /// The columns of each domain one after the other.
    func packedColumns(rows: Int) -> UnsafeRawPointer {
        var place = UnsafeMutableRawPointer(outgoing.pointer)
        let lines = Rows(own.pointer, count: rows * plan.ofDomain[domain], width: plan.width)
        for other in 0..<plan.domains.count {
            let columns = plan.columns(other)
            // What is sent to nobody is rounded all the same.
            if other != domain || !plan.wire.isExact { pack(lines.columns(columns), into: place, nil) }
            place += lines.count * plan.wire.bytes(columns.count)
        }
        return UnsafeRawPointer(outgoing.pointer)
    }

    /// The others' partials of so many rows, where they have come in a format of fewer bytes.
    func unpackPartials(rows: Int, width: Int, _ pool: ThreadPool?) {
        guard !plan.wire.isExact else { return }
        let lines = rows * (plan.totalOfDomains - plan.ofDomain[domain])
        unpack(UnsafeRawPointer(arrived.pointer), into: Rows(received.pointer, count: lines, width: width), pool)
    }

    // MARK: Sums

    /// Where sums are sent from and come to; this domain's slice has its place `offset` bytes behind.
    func packedSums(_ slice: Rows, at offset: Int, _ pool: ThreadPool?) -> UnsafeMutableRawPointer {
        guard !plan.wire.isExact else { return UnsafeMutableRawPointer(sums.pointer) }
        let base = UnsafeMutableRawPointer(packedSums.pointer)
        pack(slice, into: base + offset, pool)
        return base
    }

    func unpackSums(_ slice: Rows, at offset: Int, _ pool: ThreadPool?) {
        guard !plan.wire.isExact else { return }
        unpack(UnsafeRawPointer(packedSums.pointer) + offset, into: slice, pool)
    }

    // MARK: Lines

    /// Numbers that one task should handle, so that the hand-over is lost in the work.
    private static let floatsPerTask = 16_384

    private func pack(_ lines: Rows, into place: UnsafeMutableRawPointer, _ pool: ThreadPool?) {
        let (wire, bytes) = (plan.wire, plan.wire.bytes(lines.width))
        each(of: lines, pool) { wire.pack(lines.row($0), count: lines.width, into: place + $0 * bytes) }
    }

    private func unpack(_ place: UnsafeRawPointer, into lines: Rows, _ pool: ThreadPool?) {
        let (wire, bytes) = (plan.wire, plan.wire.bytes(lines.width))
        each(of: lines, pool) { wire.unpack(place + $0 * bytes, count: lines.width, into: lines.row($0)) }
    }

    /// Calls `body` with the number of each line: on the pool's threads, or by the caller alone.
    private func each(of lines: Rows, _ pool: ThreadPool?, _ body: (_ line: Int) -> Void) {
        // No closure is kept in a variable: that would allocate.
        guard let pool else {
            for line in 0..<lines.count { body(line) }
            return
        }
        pool.runRanges(lines.count, grain: max(1, Self.floatsPerTask / max(lines.width, 1))) { range in
            for line in range { body(line) }
        }
    }
}
