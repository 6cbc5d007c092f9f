/// One square tile: what the vision tower sees at a time.
package struct RGBTile: Sendable, Equatable {
    /// Pixels along an edge.
    package let side: Int
    /// `[side, side, 3]`.
    package let rgb: [UInt8]

    package init(side: Int, rgb: [UInt8]) {
        precondition(rgb.count == side * side * 3, "tile of \(side)×\(side) with \(rgb.count) bytes")
        (self.side, self.rgb) = (side, rgb)
    }
}
