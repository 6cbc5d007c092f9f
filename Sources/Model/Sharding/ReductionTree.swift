/// The fixed binary tree along which a row-parallel product is summed.
///
/// A row-parallel product `y = Σ_leaf W[:, leaf] · x[leaf]` is a sum over leaf blocks that the model alone fixes.
/// Node `(level, i)` covers the leaves `i·2^level ..< (i+1)·2^level`, cut at `leafCount`; its value is the sum of
/// its two children, or its left child where the right one is empty. Each addition is one float32 addition,
/// so the root has the same bits whoever computes which node: 1, 2, 3, 4 or 8 ranks agree with `==`.
///
/// A rank that owns a range of leaves adds up every whole node inside it; what is left are its *partials*.
/// The all-reduce then adds the partials of all ranks, in leaf order, along the same tree.
///
/// Both are run by one stack machine: push a value, then `merges` times replace the top two by their sum.
package struct ReductionTree: Sendable, Equatable {
    package let leafCount: Int

    package init(leafCount: Int) {
        precondition(leafCount > 0, "a sum tree of \(leafCount) leaves")
        self.leafCount = leafCount
    }

    /// A program of the stack machine, and the nodes that stay on its stack.
    package struct Program: Sendable, Equatable {
        /// `merges[i]`: how many additions follow the push of value `i`.
        package var merges: [Int] = []
        /// The leaf ranges of the values that remain, in order.
        package var partials: [Range<Int>] = []
    }

    /// What a rank does that owns `leaves`: every leaf is pushed in order.
    package func program(overLeaves leaves: Range<Int>) -> Program {
        program(over: leaves.map { $0..<($0 + 1) })
    }

    /// What one does that stands in the place of several ranks: adds nothing up across them.
    package func program(overLeavesApart leaves: [Range<Int>]) -> Program {
        let programs = leaves.map { program(overLeaves: $0) }
        return Program(merges: programs.flatMap(\.merges), partials: programs.flatMap(\.partials))
    }

    /// What the all-reduce does with the partials of all ranks, in leaf order.
    package func program(over nodes: [Range<Int>]) -> Program {
        var program = Program()
        for node in nodes {
            program.partials.append(node)
            var merges = 0
            while let parent = parentOfTopTwo(program.partials) {
                program.partials.removeLast(2)
                program.partials.append(parent)
                merges += 1
            }
            program.merges.append(merges)
        }
        return program
    }

    /// The node whose two children are on top of the stack, if they are one node's children.
    private func parentOfTopTwo(_ stack: [Range<Int>]) -> Range<Int>? {
        guard stack.count >= 2 else { return nil }
        let left = stack[stack.count - 2]
        let right = stack[stack.count - 1]
        let size = left.count
        let isWholeNode = size.nonzeroBitCount == 1 && left.lowerBound % (2 * size) == 0
        guard isWholeNode, right.lowerBound == left.upperBound else { return nil }
        let end = min(left.lowerBound + 2 * size, leafCount)
        return right.upperBound == end ? left.lowerBound..<end : nil
    }
}
