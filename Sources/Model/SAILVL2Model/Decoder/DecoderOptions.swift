package import Checkpoints
package import Kernels

/// What the operator chooses of a decoder rank: its sizes, and how it holds weights, keys and values.
package struct DecoderOptions: Sendable, Equatable {
    package var cacheElement: KVLayout.Element
    /// Pages of the KV cache.
    package var pages: Int
    /// Rows of a step at most.
    package var maxRows: Int
    /// Rows of a step at most whose logits are wanted.
    package var maxLogitsRows: Int
    /// How matrices are held; a packed checkpoint's own where there is one.
    package var format: WeightFormat
    /// Where the matrices of a packed checkpoint are held.
    package var placement: WeightPlacement

    package init(
        cacheElement: KVLayout.Element,
        pages: Int,
        maxRows: Int,
        maxLogitsRows: Int,
        format: WeightFormat = .native,
        placement: WeightPlacement = .copy
    ) {
        (self.cacheElement, self.pages) = (cacheElement, pages)
        (self.maxRows, self.maxLogitsRows) = (maxRows, maxLogitsRows)
        (self.format, self.placement) = (format, placement)
    }
}
