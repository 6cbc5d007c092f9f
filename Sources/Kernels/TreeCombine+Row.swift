internal import CKernels

extension TreeCombine {
    /// The same for one row, on the calling thread, so that many rows can be shared out over a pool.
    ///
    /// - Parameters:
    ///   - partials: `[merges.count]` pointers to `width` numbers each, none of them `nil`.
    ///   - out: `[width]`; may be one of the partials.
    package static func row(
        _ partials: UnsafeMutableBufferPointer<UnsafePointer<Float>?>,
        merges: [Int32],
        into out: UnsafeMutablePointer<Float>,
        width: Int
    ) {
        ck_tree_combine(partials.baseAddress, merges.count, merges, out, width)
    }
}
