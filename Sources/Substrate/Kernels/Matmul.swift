internal import CKernels

/// `y = x · Wᵀ` for any number of tokens, the same bits for a token whatever stands beside it.
///
/// One token reads the weights once at the memory's speed; a few share one pass over them in registers; more are cut
/// into register tiles of at most six (eight, if quantised) and blocks of sixteen tiles, which stay in the cache.
///
/// By pairs of bfloat16, tokens are rounded to bfloat16, to nearest with ties to even, and denormal numbers are zeros, as
/// factors and as results: `acc = flush(fmaf(flush(w), flush(x), acc))`; each leaf of a tree ends with `acc + 0`.
///
/// By a quantised matrix, tokens are quantised too, each group of 32 columns by itself: an output is a chain over the
/// groups, `acc = fmaf(float(dot), weightScale · tokenScale, acc)`, with exact integers `dot`.
package enum Matmul {
    /// Multiplies and writes `y[partial][token][row]`.
    ///
    /// - Parameters:
    ///   - x: `[tokens, w.columns]`
    ///   - source: What `x` is computed from, first of all.
    ///   - tree: How the sum over the columns is cut; by default one chain. Leaves of a quantised matrix are whole
    ///     blocks, one or several.
    ///   - y: `[tokens, w.rows]` of the first partial sum.
    ///   - partialStride: Floats from one partial sum's `y` to the next; needed if the tree leaves several.
    package static func run(
        _ pool: ThreadPool,
        _ w: PackedMatrix,
        _ x: Rows,
        from source: RowSource = .stored,
        tree: SumTree? = nil,
        into y: Rows,
        partialStride: Int = 0,
        kernels: KernelSet = .active
    ) {
        withUnsafePointer(to: w) { w in
            let list = UnsafeBufferPointer(start: w, count: 1)
            guard let tree else { return runList(pool, list, x, from: source, into: y, kernels: kernels) }
            precondition(tree.columns == w.pointee.columns, "matmul: a tree of \(tree.columns) columns")
            precondition(tree.partials == 1 || partialStride > 0, "matmul: \(tree.partials) partial sums need a stride")
            precondition(w.pointee.holdsLeaves(of: tree), "matmul: leaves \(tree.leafEnds) cut a block")
            let rest = source.rest(for: x, pool, kernels)
            tree.withUnsafeTree { tree in
                MatmulCall(pool, kernels, list, x, from: rest, tree: tree, into: y, partialStride: partialStride).run()
            }
        }
    }

    /// Multiplies by several matrices that share `x`; their outputs stand one after the other in the rows of `y`.
    ///
    /// One pass of the threads, and `x` is packed, rounded or quantised once, as long as neighbours are of one kind.
    ///
    /// - Parameters:
    ///   - matrices: Of the same number of columns.
    ///   - source: What `x` is computed from, first of all.
    ///   - y: `[tokens, sum of the matrices' rows]`
    package static func run(
        _ pool: ThreadPool,
        _ matrices: [PackedMatrix],
        _ x: Rows,
        from source: RowSource = .stored,
        into y: Rows,
        kernels: KernelSet = .active
    ) {
        matrices.withUnsafeBufferPointer { runList(pool, $0, x, from: source, into: y, kernels: kernels) }
    }

    /// One call for each stretch of matrices that take `x` in the same form.
    private static func runList(
        _ pool: ThreadPool,
        _ matrices: UnsafeBufferPointer<PackedMatrix>,
        _ x: Rows,
        from source: RowSource,
        into y: Rows,
        kernels: KernelSet
    ) {
        var source = source.rest(for: x, pool, kernels)
        var (first, column) = (0, 0)
        while first < matrices.count {
            let end = end(ofCallAt: first, matrices)
            let part = UnsafeBufferPointer(rebasing: matrices[first..<end])
            var width = 0
            for matrix in part { width += matrix.rows }
            SumTree.withUnsafeSingleTree(columns: x.width) { tree in
                let out = y.columns(column..<column + width)
                MatmulCall(pool, kernels, part, x, from: source, tree: tree, into: out, partialStride: 0).run()
            }
            source = .stored
            (first, column) = (end, column + width)
        }
        precondition(column == y.width, "matmul: \(column) rows into \(y.width)")
    }

    /// The matrices of each call that a list of them comes to.
    static func products(_ matrices: [PackedMatrix]) -> [[PackedMatrix]] {
        matrices.withUnsafeBufferPointer { list in
            var products: [[PackedMatrix]] = []
            var first = 0
            while first < list.count {
                let end = end(ofCallAt: first, list)
                products.append(Array(list[first..<end]))
                first = end
            }
            return products
        }
    }

    /// Where the stretch of matrices ends that take `x` in the same form as the first of them.
    private static func end(ofCallAt first: Int, _ matrices: UnsafeBufferPointer<PackedMatrix>) -> Int {
        var end = first
        while end < matrices.count, matrices[end].takesInput(as: matrices[first]) { end += 1 }
        return end
    }
}

extension PackedMatrix {
    /// Whether both need the tokens packed, rounded or quantised in the same way.
    fileprivate func takesInput(as other: PackedMatrix) -> Bool {
        if storage == .bfloat16Pairs { return other.storage == .bfloat16Pairs }
        guard storage.isQuantised else { return Storage.floats.contains(other.storage) }
        return storage == other.storage && blockColumns == other.blockColumns
    }

    /// Whether every leaf ends where a block ends.
    fileprivate func holdsLeaves(of tree: SumTree) -> Bool {
        !storage.isQuantised || tree.leafEnds.allSatisfy { $0 % blockColumns == 0 || $0 == columns }
    }
}
