import Communication
import Kernels
import SAILVL2Model
import Sharding

/// An all-reduce of made-up leaves: every rank knows them all, and so what must come out.
final class TestReduce {
    let reduce: TreeAllReduce
    let tree: ReductionTree
    let leaves: [Range<Int>]
    let width: Int
    let rank: Int
    /// The leaves that this process adds up.
    private let own: [Int]
    var residual: [Float]

    /// Leaves are dealt out unevenly, and a rank may have none; with `isEven` each has as many.
    init(
        _ fabric: RankFabric,
        leafCount: Int,
        width: Int,
        maxRows: Int,
        threads: Int = 1,
        isEven: Bool = false,
        wire: WireFormat = .f32
    ) {
        tree = ReductionTree(leafCount: leafCount)
        let size = fabric.communicator.size
        let ends = (0...size).map { leafCount * $0 * (isEven ? 1 : $0 + 1) / (isEven ? size : size * (size + 1)) }
        leaves = zip(ends, ends.dropFirst()).map { $0..<$1 }
        rank = fabric.communicator.rank
        own = Array(leaves[rank])
        self.width = width
        residual = Array(repeating: 0, count: maxRows * width)
        reduce = TreeAllReduce(
            tree: tree,
            leaves: leaves,
            width: width,
            maxRows: maxRows,
            fabric: fabric,
            pool: ThreadPool(threads: threads),
            wire: wire
        )
    }

    /// One process in the place of several hosts.
    ///
    /// - Parameter leaves: of each host.
    init(rehearsing leaves: [Range<Int>], leafCount: Int, width: Int, maxRows: Int, wire: WireFormat) {
        tree = ReductionTree(leafCount: leafCount)
        (self.leaves, self.width) = (leaves, width)
        (rank, own) = (0, Array(0..<leafCount))
        residual = Array(repeating: 0, count: maxRows * width)
        reduce = TreeAllReduce(
            rehearsing: tree,
            leaves: leaves,
            width: width,
            maxRows: maxRows,
            pool: ThreadPool(threads: 1),
            wire: wire
        )
    }

    /// Any numbers, of which sums round.
    static func leaf(_ leaf: Int, row: Int, column: Int) -> Float {
        let mixed = UInt32(truncatingIfNeeded: (leaf &* 73_856_093) ^ (row &* 19_349_663) ^ (column &* 83_492_791))
        return Float(mixed &* 2_654_435_761) * 0x1p-31 - 1
    }

    /// The value of the tree's node `(level, index)`, as `ReductionTree` defines it.
    func node(_ level: Int, _ index: Int, row: Int, column: Int) -> Float {
        if level == 0 { return Self.leaf(index, row: row, column: column) }
        let left = node(level - 1, 2 * index, row: row, column: column)
        guard (2 * index + 1) << (level - 1) < tree.leafCount else { return left }
        return left + node(level - 1, 2 * index + 1, row: row, column: column)
    }

    func root(row: Int, column: Int) -> Float {
        var level = 0
        while 1 << level < tree.leafCount { level += 1 }
        return node(level, 0, row: row, column: column)
    }

    /// This rank's partials of `maxRows` rows.
    private lazy var product: [Float] = (0..<residual.count / width).flatMap { row in
        var partials: [[Float]] = Array(repeating: [], count: reduce.ownProgram.partials.count)
        for column in 0..<width {
            var stack: [Float] = []
            for (leaf, merges) in zip(own, reduce.ownProgram.merges) {
                stack.append(Self.leaf(leaf, row: row, column: column))
                for _ in 0..<merges { stack.append(stack.remove(at: stack.count - 2) + stack.removeLast()) }
            }
            for (partial, value) in stack.enumerated() { partials[partial].append(value) }
        }
        return partials.flatMap { $0 }
    }

    /// Writes this rank's partials, and reduces them: in one block, or in two that are under way at once.
    ///
    /// - Returns: the rows of the blocks.
    func run(rows: Int) throws -> [Int] {
        let blocks = reduce.blocks(rows: rows)
        let middle = (rows + 1) / 2
        let parts = blocks == 1 ? [0..<rows] : [0..<middle, middle..<rows]
        for (slot, part) in parts.enumerated() {
            let place = reduce.destination(rows: part.count, slot: slot)
            if !own.isEmpty {
                product.withUnsafeBufferPointer { product in
                    guard let base = product.baseAddress else { return }
                    place.base.update(from: base + part.lowerBound * place.stride, count: part.count * place.stride)
                }
            }
            try reduce.begin(rows: part.count, slot: slot)
            for _ in 0..<(blocks == 1 ? 0 : 1 + rank * 7) { try reduce.poll() }
        }
        for (slot, part) in parts.enumerated() {
            try residual.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                try reduce.finish(rows: part.count, slot: slot, addingTo: base + part.lowerBound * width)
            }
        }
        return parts.map(\.count)
    }

    func reduce(rows: Int) throws {
        try residual.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            try reduce.reduce(rows: rows, addingTo: base)
        }
    }
}
