internal import Communication
internal import Kernels

/// Ranks of one host: a product is written to shared memory and added up by everyone from where it lies.
///
/// ## Communication
/// Few rows: one round. Many rows: one round for the partials and one for the sums of the slices.
final class SharedPartialExchange: PartialExchange {
    private let sums: PartialSums
    private let rank: Int
    private let pool: ThreadPool
    /// Partials of a few rows, in turns.
    private let few: SharedBlocks
    /// Partials of many rows, then the sums of each rank's slice: a round of one lies between two of the other.
    private let many: SharedBlocks?
    private let slices: SharedBlocks?
    private let blocks: UnsafeMutableBufferPointer<UnsafePointer<Float>>

    /// `nil`, on every rank, where the ranks share no memory.
    ///
    /// Collective.
    init?(_ sums: PartialSums, maxRows: Int, communicator: any Communicator, pool: ThreadPool) {
        let unsliced = sums.mostUnslicedRows(upTo: maxRows)
        let rowBytes = sums.ofRank.map { $0 * sums.width * 4 }
        guard let few = communicator.share(byteCounts: rowBytes.map { $0 * unsliced }) else { return nil }
        let isEverSliced = sums.isSliced(rows: maxRows)
        many = isEverSliced ? communicator.share(byteCounts: rowBytes.map { $0 * maxRows }, copies: 1) : nil
        let sliceBytes = (maxRows / sums.ranks + 1) * sums.width * 4
        slices =
            isEverSliced
            ? communicator.share(byteCounts: sums.ofRank.map { _ in sliceBytes }, copies: 1) : nil
        guard !isEverSliced || (many != nil && slices != nil) else { return nil }
        self.few = few
        self.sums = sums
        self.pool = pool
        rank = communicator.rank
        blocks = .allocate(capacity: sums.ranks)
        blocks.initialize(repeating: UnsafePointer(few.own.assumingMemoryBound(to: Float.self)))
    }

    deinit { blocks.deallocate() }

    /// Bytes of this rank's blocks.
    static func workBytes(_ sums: PartialSums, rank: Int, maxRows: Int) -> Int {
        let few = 2 * sums.mostUnslicedRows(upTo: maxRows) * sums.ofRank[rank]
        let many = sums.isSliced(rows: maxRows) ? maxRows * sums.ofRank[rank] + maxRows / sums.ranks + 1 : 0
        return 4 * sums.width * (few + many)
    }

    func destination(rows: Int) -> Rows {
        let shared = sums.isSliced(rows: rows) ? many ?? few : few
        let stride = max(sums.ofRank[rank], 1) * sums.width
        return Rows(shared.own.assumingMemoryBound(to: Float.self), count: rows, width: sums.width, stride: stride)
    }

    func reduce(rows: Int, addingTo residual: UnsafeMutablePointer<Float>) {
        let sent = sums.bytesSent(rank, rows: rows)
        guard sums.isSliced(rows: rows), let many, let slices else {
            few.complete(sending: sent.partials)
            point(to: few, row: 0)
            return sums.combine(pool, rows: rows, blocks, into: residual, adding: true)
        }
        many.complete(sending: sent.partials)
        let own = sums.slice(rank, of: rows)
        point(to: many, row: own.lowerBound)
        let place = slices.own.assumingMemoryBound(to: Float.self)
        sums.combine(pool, rows: own.count, blocks, into: place, adding: false)
        slices.complete(sending: sent.sums)
        for other in 0..<sums.ranks {
            let slice = sums.slice(other, of: rows)
            let summed = slices.completed(other).assumingMemoryBound(to: Float.self)
            Residual.add(
                pool,
                Rows(summed, count: slice.count, width: sums.width),
                to: Rows(residual + slice.lowerBound * sums.width, count: slice.count, width: sums.width)
            )
        }
    }

    /// Each rank's partials in a completed round, from this row on.
    private func point(to shared: SharedBlocks, row: Int) {
        for other in 0..<sums.ranks {
            let base = shared.completed(other).assumingMemoryBound(to: Float.self)
            blocks[other] = UnsafePointer(base + row * sums.ofRank[other] * sums.width)
        }
    }
}
