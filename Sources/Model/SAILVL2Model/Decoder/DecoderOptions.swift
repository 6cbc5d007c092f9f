package import Checkpoints
package import Kernels
package import Sharding

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
    /// How partial sums travel between hosts.
    package var wireFormat: WireFormat
    /// Of a decoder on one rank: the hosts, with a rank each, in whose place it computes, with the bits that they would have.
    package var rehearsal: ShardPlan?

    package init(
        cacheElement: KVLayout.Element,
        pages: Int,
        maxRows: Int,
        maxLogitsRows: Int,
        format: WeightFormat = .native,
        placement: WeightPlacement = .copy,
        wireFormat: WireFormat = .f32,
        rehearsal: ShardPlan? = nil
    ) {
        (self.cacheElement, self.pages) = (cacheElement, pages)
        (self.maxRows, self.maxLogitsRows) = (maxRows, maxLogitsRows)
        (self.format, self.placement) = (format, placement)
        (self.wireFormat, self.rehearsal) = (wireFormat, rehearsal)
    }
}
