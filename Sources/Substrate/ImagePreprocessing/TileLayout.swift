/// Which tiles a picture becomes, in their order.
///
/// ```
/// one grid:   its tiles row by row, then the thumbnail if there is more than one
/// two grids:  the tiles of the first, those of the second, then the thumbnail (the only tile of a first grid 1×1)
/// ```
package struct TileLayout: Sendable, Equatable {
    package let grid: TileGrid
    /// The second grid of multi-scale adaptive cropping.
    package let second: TileGrid?

    package init(grid: TileGrid, second: TileGrid? = nil) {
        (self.grid, self.second) = (grid, second)
    }

    /// Tiles, the thumbnail included.
    package var tileCount: Int { grid.tileCount + (second.map { $0.columns * $0.rows } ?? 0) }

    /// Whether the last tile shows the whole picture beside tiles of parts.
    package var hasThumbnail: Bool { tileCount > 1 }
}
