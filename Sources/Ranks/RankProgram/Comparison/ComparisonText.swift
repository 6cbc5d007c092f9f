package import Requests

/// A text, with pictures or without, whose every token is given: what a comparison of formats reads.
package struct ComparisonText: Sendable {
    package struct Picture: Sendable {
        package let bytes: [UInt8]
        /// Positions of its visual tokens.
        package let span: Range<Int>
        package let cut: PictureCut

        package init(bytes: [UInt8], span: Range<Int>, cut: PictureCut) {
            (self.bytes, self.span, self.cut) = (bytes, span, cut)
        }
    }

    package let ids: [Int32]
    package let pictures: [Picture]
    /// Positions whose logits are compared; those at a position speak about the token behind it.
    package let compared: Range<Int>

    package init(ids: [Int32], pictures: [Picture] = [], compared: Range<Int>) {
        precondition(
            compared.lowerBound >= 0 && compared.upperBound <= ids.count,
            "positions \(compared) of \(ids.count)"
        )
        (self.ids, self.pictures, self.compared) = (ids, pictures, compared)
    }
}
