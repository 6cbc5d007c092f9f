internal import CKernels

/// How the sum of a row-parallel product is cut into leaves and added, fixed by the model and not by the ranks.
///
/// Leaf `i` covers columns `leafEnds[i - 1]..<leafEnds[i]` and is one chain of fused multiply-adds from +0. The leaves
/// go through a stack machine: push leaf `i`, then `merges[i]` times `b = pop, a = pop, push(a + b)`. What is left on
/// the stack are the results, in order: one for a rank that owns a whole tree, several for one that owns a ragged range
/// of leaves of a larger one.
package struct SumTree: Sendable, Equatable {
    package let leafEnds: [Int]
    package let merges: [Int32]
    /// Values that the stack holds at the end.
    package let partials: Int
    /// Most values on the stack at any time, at most 32.
    package let depth: Int

    /// - Parameters:
    ///   - leafEnds: Rising, the first at least 1; the last is the number of columns.
    ///   - merges: As many as leaves.
    package init(leafEnds: [Int], merges: [Int]) {
        precondition(!leafEnds.isEmpty && leafEnds.count == merges.count, "sum tree: \(leafEnds) and \(merges)")
        var (stack, deepest, previous) = (0, 0, 0)
        for (end, count) in zip(leafEnds, merges) {
            precondition(end > previous, "sum tree: leaf end \(end) after \(previous)")
            stack += 1
            deepest = max(deepest, stack)
            precondition(count >= 0 && count < stack, "sum tree: \(count) merges of \(stack) values")
            stack -= count
            previous = end
        }
        precondition(deepest <= CK_SUM_TREE_DEPTH, "sum tree: depth \(deepest)")
        self.leafEnds = leafEnds
        self.merges = merges.map(Int32.init)
        partials = stack
        depth = deepest
    }

    /// The ordinary product: one chain over all columns.
    package static func single(columns: Int) -> SumTree { SumTree(leafEnds: [columns], merges: [0]) }

    package var columns: Int { leafEnds[leafEnds.count - 1] }

    /// Calls `body` with the tree of an ordinary product, ``single(columns:)``, without an allocation.
    static func withUnsafeSingleTree<T>(columns: Int, _ body: (UnsafePointer<ck_sum_tree>) -> T) -> T {
        withUnsafePointer(to: columns) { end in
            withUnsafePointer(to: Int32(0)) { merges in
                var tree = ck_sum_tree()
                tree.leaf_end = UnsafeRawPointer(end).assumingMemoryBound(to: Int.self)
                tree.merges = merges
                tree.leaves = 1
                tree.partials = 1
                tree.depth = 1
                return withUnsafePointer(to: &tree) { body($0) }
            }
        }
    }

    /// Calls `body` with the tree as C sees it.
    func withUnsafeTree<T>(_ body: (UnsafePointer<ck_sum_tree>) -> T) -> T {
        leafEnds.withUnsafeBufferPointer { ends in
            merges.withUnsafeBufferPointer { merges in
                ends.withMemoryRebound(to: Int.self) { ends in
                    var tree = ck_sum_tree()
                    tree.leaf_end = ends.baseAddress
                    tree.merges = merges.baseAddress
                    tree.leaves = leafEnds.count
                    tree.partials = partials
                    tree.depth = depth
                    return withUnsafePointer(to: &tree) { body($0) }
                }
            }
        }
    }
}

/// Adds gathered partial sums in the order of a tree.
package enum TreeCombine {
    /// `out[i]` = the one value that the stack machine of ``SumTree`` leaves over `partials[0..<n][i]`.
    ///
    /// - Parameters:
    ///   - partials: `[merges.count]` pointers to `width` numbers each; `out` may be one of them.
    ///   - merges: Additions after each push; they must leave one value.
    package static func run(
        _ pool: ThreadPool,
        partials: [UnsafePointer<Float>],
        merges: [Int32],
        into out: UnsafeMutablePointer<Float>,
        width: Int
    ) {
        precondition(partials.count == merges.count && !merges.isEmpty, "combine: \(partials.count), \(merges.count)")
        precondition(merges.reduce(0) { $0 + Int($1) } == merges.count - 1, "combine: merges \(merges)")
        pool.runRanges(width, grain: 8192) { range in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: partials.count) { shifted in
                for (index, partial) in partials.enumerated() { shifted[index] = partial + range.lowerBound }
                ck_tree_combine(shifted.baseAddress, partials.count, merges, out + range.lowerBound, range.count)
            }
        }
    }
}
