internal import CKernels

extension TreeCombine {
    /// The same for one row, or some columns of it, on the calling thread, so that many can be shared out over a pool.
    ///
    /// - Parameters:
    ///   - partials: `[merges.count]` pointers to `width` numbers each, none of them `nil`.
    ///   - out: `[width]`; may be one of the partials.
    ///   - adding: adds the value to what is in `out` instead of replacing that.
    package static func row(
        _ partials: UnsafeMutableBufferPointer<UnsafePointer<Float>?>,
        merges: [Int32],
        into out: UnsafeMutablePointer<Float>,
        width: Int,
        adding: Bool = false
    ) {
        if adding {
            ck_tree_combine_add(partials.baseAddress, merges.count, merges, out, width)
        } else {
            ck_tree_combine(partials.baseAddress, merges.count, merges, out, width)
        }
    }
}
