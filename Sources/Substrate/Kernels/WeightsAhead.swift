internal import CKernels

/// Where each thread of a pool begins to read the weights of a product to come.
///
/// Between two products memory would rest: threads wait for the last one to be done, and one of them norms and quantises
/// what comes next. Whoever waits then brings the beginning of its part into its own cache.
package struct WeightsAhead: Sendable {
    /// Addresses, which nobody but a prefetch uses, and that never fails.
    private let begins: [UInt]

    /// - Parameters:
    ///   - matrices: of one product, in its order.
    ///   - threads: of the pool that will compute it.
    package init(_ matrices: [PackedMatrix], threads: Int) {
        let panels = matrices.reduce(0) { $0 + $1.panels }
        begins = (0..<threads).map { thread in
            guard let first = matrices.first else { return 0 }
            var panel = ck_parts_begin(panels, MatmulCall.grainPanels(of: first), threads, thread)
            for w in matrices {
                if panel < w.panels { return w.address(ofPanel: panel) }
                panel -= w.panels
            }
            return 0
        }
    }

    /// Nothing in a pool of another number of threads.
    func begin(of thread: Int, among threads: Int) -> UnsafeRawPointer? {
        begins.count == threads ? UnsafeRawPointer(bitPattern: begins[thread]) : nil
    }
}

extension PackedMatrix {
    /// Says of the matrices of each product which product comes after it.
    ///
    /// - Parameters:
    ///   - lists: what `Matmul.run` will be given, one after the other.
    ///   - threads: of the pool that it will be given.
    package static func foresee(_ lists: [[PackedMatrix]], threads: Int) {
        let products = lists.flatMap(Matmul.products)
        for (product, next) in zip(products, products.dropFirst()) {
            product.last?.ahead = WeightsAhead(next, threads: threads)
        }
    }

    /// Of its first block.
    fileprivate func address(ofPanel panel: Int) -> UInt {
        let bytes = storage.isQuantised ? ck_quant_panel_bytes(quantised.quant, blockColumns) : matrix.panel_bytes
        return UInt(bitPattern: matrix.panels) + UInt(panel * bytes)
    }
}
