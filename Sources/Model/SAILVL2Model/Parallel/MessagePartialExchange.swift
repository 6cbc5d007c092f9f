internal import Communication
internal import Kernels
internal import Tensors

/// Ranks of several hosts, or a group of one: partials are gathered in messages and added up in the receiver's memory.
///
/// ## Communication
/// Few rows: one all-gather of the partials. Many rows: an all-to-all of them, each rank adds up its slice of the rows,
/// and an all-gather of the sums. None in a group of one.
final class MessagePartialExchange: PartialExchange {
    private let sums: PartialSums
    private let communicator: any Communicator
    private let pool: ThreadPool
    private let gathered: FloatBuffer
    private let received: FloatBuffer?
    private let summed: FloatBuffer?
    private var layout: BlockLayout
    private var receivedLayout: BlockLayout
    private let blocks: UnsafeMutableBufferPointer<UnsafePointer<Float>>

    init(_ sums: PartialSums, maxRows: Int, communicator: any Communicator, pool: ThreadPool) {
        self.sums = sums
        self.communicator = communicator
        self.pool = pool
        gathered = FloatBuffer(count: maxRows * sums.total * sums.width)
        let isAlone = sums.ranks == 1
        received =
            isAlone ? nil : FloatBuffer(count: (maxRows / sums.ranks + 1) * sums.total * sums.width)
        summed = isAlone ? nil : FloatBuffer(count: maxRows * sums.width)
        layout = BlockLayout(counts: Array(repeating: 0, count: sums.ranks))
        receivedLayout = layout
        blocks = .allocate(capacity: sums.ranks)
        blocks.initialize(repeating: UnsafePointer(gathered.pointer))
    }

    deinit { blocks.deallocate() }

    /// Bytes of the work areas.
    static func workBytes(_ sums: PartialSums, maxRows: Int) -> Int {
        let received = sums.ranks > 1 ? (maxRows / sums.ranks + 1) * sums.total + maxRows : 0
        return 4 * sums.width * (maxRows * sums.total + received)
    }

    func destination(rows: Int) -> Rows {
        let rank = communicator.rank
        var before = 0
        for other in 0..<rank { before += sums.ofRank[other] }
        let place = gathered.pointer + rows * before * sums.width
        return Rows(place, count: rows, width: sums.width, stride: max(sums.ofRank[rank], 1) * sums.width)
    }

    func reduce(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        if sums.ranks > 1, sums.isSliced(rows: rows) { return try reduceBySlices(rows, addingTo: residual) }
        if sums.ranks > 1 {
            layout.update { rows * sums.ofRank[$0] * sums.width }
            try communicator.allGather(gathered.pointer, layout)
        }
        point(to: gathered, rows: rows)
        sums.combine(pool, rows: rows, blocks, into: residual, adding: true)
    }

    private func reduceBySlices(_ rows: Int, addingTo residual: UnsafeMutablePointer<Float>) throws(MPIError) {
        guard let received, let summed else { return }
        let own = sums.ofRank[communicator.rank]
        let slice = sums.slice(communicator.rank, of: rows)
        layout.update { sums.slice($0, of: rows).count * own * sums.width }
        receivedLayout.update { slice.count * sums.ofRank[$0] * sums.width }
        try communicator.exchange(destination(rows: rows).base, layout, into: received.pointer, receivedLayout)
        point(to: received, rows: slice.count)
        let place = summed.pointer + slice.lowerBound * sums.width
        sums.combine(pool, rows: slice.count, blocks, into: place, adding: false)
        layout.update { sums.slice($0, of: rows).count * sums.width }
        try communicator.allGather(summed.pointer, layout)
        let width = sums.width
        Residual.add(
            pool,
            Rows(summed.pointer, count: rows, width: width),
            to: Rows(residual, count: rows, width: width)
        )
    }

    /// Blocks that lie rank after rank.
    private func point(to buffer: FloatBuffer, rows: Int) {
        var base = UnsafePointer(buffer.pointer)
        for rank in 0..<sums.ranks {
            blocks[rank] = base
            base += rows * sums.ofRank[rank] * sums.width
        }
    }
}
