package import Requests
internal import Tensors

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

extension TileEncoder {
    /// The visual tokens of a picture, `[places of its prompt, hidden]`.
    func visualTokens(_ picture: ComparisonText.Picture) throws -> FloatBuffer {
        let tokens = FloatBuffer(count: picture.span.count * hidden)
        var place = 0
        for tile in try tiles(of: picture.bytes, cut: picture.cut) {
            guard let encoded = encode(tile, shouldStop: { false }) else { continue }
            precondition(place + encoded.count <= tokens.count, "more tiles than the prompt has places for")
            (tokens.pointer + place).update(from: encoded.pointer, count: encoded.count)
            place += encoded.count
        }
        return tokens
    }
}
