/// Columns × rows of square tiles that an image is resized to.
package struct TileGrid: Sendable, Equatable {
    package let columns, rows: Int

    package init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
    }

    /// Columns and rows.
    package var pair: [Int] { [columns, rows] }

    /// Tiles that the model sees: those of the grid, and the thumbnail of the whole when there is more than one.
    package var tileCount: Int { columns * rows == 1 ? 1 : columns * rows + 1 }

    /// The grid of at most `maxTiles` tiles whose ratio is nearest to the image's.
    ///
    /// Grids are tried by ascending area. On an exact tie (1×1 and 2×2; or an aspect of 3.5 between 3×1 and 4×1) the
    /// later one wins only if the image has more than half of its pixels.
    ///
    /// Source: `find_closest_aspect_ratio` of SAIL-VL2's `SAILVLImageProcessor`.
    package static func choose(width: Int, height: Int, side: Int, maxTiles: Int) -> TileGrid {
        // 1×1 is always among them.
        nearest(width: width, height: height, side: side, maxTiles: maxTiles) ?? TileGrid(columns: 1, rows: 1)
    }

    /// The second grid of multi-scale adaptive cropping: the nearest of those that do not divide the first one, so that
    /// what one grid cuts through lies whole in the other; `nil` if all do, as with one tile at most.
    package static func chooseSecond(
        beside first: TileGrid,
        width: Int,
        height: Int,
        side: Int,
        maxTiles: Int
    ) -> TileGrid? {
        nearest(width: width, height: height, side: side, maxTiles: maxTiles) {
            !(first.columns.isMultiple(of: $0.columns) && first.rows.isMultiple(of: $0.rows))
        }
    }

    private static func nearest(
        width: Int,
        height: Int,
        side: Int,
        maxTiles: Int,
        where isCandidate: (TileGrid) -> Bool = { _ in true }
    ) -> TileGrid? {
        precondition(width > 0 && height > 0 && side > 0 && maxTiles > 0, "\(width)×\(height), \(side), \(maxTiles)")
        let aspect = Double(width) / Double(height)
        var best: TileGrid?
        var nearest = Double.infinity
        for area in 1...maxTiles {
            for columns in 1...area where area.isMultiple(of: columns) {
                let grid = TileGrid(columns: columns, rows: area / columns)
                guard isCandidate(grid) else { continue }
                let distance = abs(aspect - Double(columns) / Double(grid.rows))
                let isLarge = Double(width * height) > 0.5 * Double(side * side * area)
                if distance < nearest || (distance == nearest && isLarge) {
                    nearest = distance
                    best = grid
                }
            }
        }
        return best
    }
}
