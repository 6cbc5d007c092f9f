/// How a picture becomes tiles: with its bytes, all that its visual tokens depend on.
package struct PictureCut: Codable, Sendable, Hashable {
    /// Which grids a picture is cut into; the raw value is its name on the wire.
    package enum Tiling: String, Codable, Sendable, CaseIterable {
        /// One grid, as the published processor does it.
        case standard = "default"
        /// Multi-scale adaptive cropping: a second grid besides, as published evaluations do it.
        case msac
    }

    /// The limit for tiles of a grid, the thumbnail not included.
    package var maxTiles: Int
    package var tiling = Tiling.standard
    /// Whether the picture becomes RGB before it is resized, and not after.
    package var rgbFirst = false
    /// Whether the picture is turned as its EXIF says.
    package var orient = false

    package init(maxTiles: Int, tiling: Tiling = .standard, rgbFirst: Bool = false, orient: Bool = false) {
        (self.maxTiles, self.tiling, self.rgbFirst, self.orient) = (maxTiles, tiling, rgbFirst, orient)
    }

    /// Its part of the name by which caches know a picture's visual tokens: different cuts, different keys.
    package var key: String {
        "\(maxTiles)" + (tiling == .standard ? "" : ":" + tiling.rawValue) + (rgbFirst ? ":rgb" : "")
            + (orient ? ":turned" : "")
    }
}

/// The grids that a picture is cut into, each as columns and rows.
package struct PictureGrids: Sendable, Equatable {
    package var first: [Int]
    /// The second grid of multi-scale cropping.
    package var second: [Int]?

    package init(first: [Int], second: [Int]? = nil) {
        (self.first, self.second) = (first, second)
    }
}
