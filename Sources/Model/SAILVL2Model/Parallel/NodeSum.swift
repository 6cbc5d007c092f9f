internal import Kernels
internal import Sharding

/// One node of a reduction tree as the sum of nodes that several owners hold.
struct NodeSum: Sendable, Equatable {
    /// Whose values are pushed, in leaf order: the owner, and which of its partials.
    let owners: [Int32]
    let partials: [Int32]
    /// How many additions follow each push.
    let merges: [Int32]
    /// The leaves under the node.
    let leaves: Range<Int>

    /// The nodes that are left when everything that `owners` hold is added up as far as the tree allows.
    ///
    /// - Parameter nodes: of each owner, in leaf order.
    static func all(_ tree: ReductionTree, _ nodes: [[Range<Int>]]) -> [NodeSum] {
        var pushed: [(owner: Int, partial: Int, node: Range<Int>)] = []
        for (owner, list) in nodes.enumerated() {
            for (partial, node) in list.enumerated() { pushed.append((owner, partial, node)) }
        }
        pushed.sort { $0.node.lowerBound < $1.node.lowerBound }
        let program = tree.program(over: pushed.map(\.node))
        return program.partials.map { node in
            let indices = pushed.indices.filter { node.contains(pushed[$0].node.lowerBound) }
            return NodeSum(
                owners: indices.map { Int32(pushed[$0].owner) },
                partials: indices.map { Int32(pushed[$0].partial) },
                merges: indices.map { Int32(program.merges[$0]) },
                leaves: node
            )
        }
    }

    /// Where an owner's partials lie: partial p of row t at `base + t · rowStride + p · partialStride`.
    struct Block {
        var base: UnsafePointer<Float>
        var rowStride: Int
        var partialStride: Int

        /// Rows of `count` partials, one after the other.
        init(_ base: UnsafePointer<Float>, count: Int, width: Int) {
            self.base = base
            rowStride = count * width
            partialStride = width
        }
    }

    /// Numbers that one task should read, so that the hand-over is lost in the work.
    private static let floatsPerTask = 16_384

    /// Computes the node for every row of `target`.
    ///
    /// - Parameters:
    ///   - pool: who works; `nil` is the caller alone.
    ///   - blocks: of each owner.
    ///   - adding: adds to what is in `target`, instead of replacing it.
    func combine(
        _ pool: ThreadPool?,
        _ blocks: UnsafeMutableBufferPointer<Block>,
        into target: Rows,
        adding: Bool
    ) {
        let total = merges.count
        let columns = max(256, (Self.floatsPerTask / total + 255) / 256 * 256)
        let parts = (target.width + columns - 1) / columns
        let tasks = target.count * parts
        // No closure is kept in a variable: that would allocate.
        guard let pool else {
            for task in 0..<tasks { compute(task, of: parts, columns, blocks, target, adding) }
            return
        }
        pool.run(tasks) { task in compute(task, of: parts, columns, blocks, target, adding) }
    }

    /// Some columns of one row.
    private func compute(
        _ task: Int,
        of parts: Int,
        _ columns: Int,
        _ blocks: UnsafeMutableBufferPointer<Block>,
        _ target: Rows,
        _ adding: Bool
    ) {
        let (row, part) = task.quotientAndRemainder(dividingBy: parts)
        let first = part * columns
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: merges.count) { pointers in
            for index in merges.indices {
                let block = blocks[Int(owners[index])]
                pointers[index] =
                    block.base + row * block.rowStride + Int(partials[index]) * block.partialStride + first
            }
            TreeCombine.row(
                pointers,
                merges: merges,
                into: target.row(row) + first,
                width: min(columns, target.width - first),
                adding: adding
            )
        }
    }
}
