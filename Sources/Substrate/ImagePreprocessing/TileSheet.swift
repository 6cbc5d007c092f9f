/// An image on its way into tiles: any range of them can be made by itself, on whichever thread or rank needs it.
package struct TileSheet: Sendable {
    package let layout: TileLayout
    package let side: Int
    /// The grids whose tiles come before the whole, each with the place of its first tile.
    private let parts: [Part]
    /// The last tile: the thumbnail, or the only one.
    private let whole: ImageResizer

    private struct Part {
        let grid: TileGrid
        let sheet: ImageResizer
        let first: Int
    }

    package init(_ image: DecodedImage, layout: TileLayout, side: Int) {
        (self.layout, self.side) = (layout, side)
        var parts: [Part] = []
        var first = 0
        // A grid of one tile is the whole, which stands last; as a second grid it cannot be chosen beside it.
        for grid in [layout.grid, layout.second].compactMap({ $0 }) where grid != layout.grid || grid.tileCount > 1 {
            let sheet = ImageResizer(image, width: grid.columns * side, height: grid.rows * side)
            parts.append(Part(grid: grid, sheet: sheet, first: first))
            first += grid.columns * grid.rows
        }
        self.parts = parts
        whole = ImageResizer(image, width: side, height: side)
    }

    /// Tiles, thumbnail included.
    package var count: Int { layout.tileCount }

    /// The tiles of `range`; only the grid rows that they lie in are resized.
    package func tiles(_ range: Range<Int>) -> [RGBTile] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "tiles \(range) of \(count)")
        var tiles: [RGBTile] = []
        for part in parts {
            for row in 0..<part.grid.rows {
                let start = part.first + row * part.grid.columns
                let inRow = range.clamped(to: start..<start + part.grid.columns)
                if inRow.isEmpty { continue }
                let pixels = pixels(ofRow: row, of: part)
                tiles += inRow.map { cut(column: $0 - start, of: pixels, columns: part.grid.columns) }
            }
        }
        if range.contains(count - 1) { tiles.append(RGBTile(side: side, rgb: whole.rgb())) }
        return tiles
    }

    /// Neighbours that cost no more to make than any one of them.
    package struct Strip: Sendable {
        package var range = 0..<0
        package var tiles: [RGBTile] = []

        package init() {}
    }

    /// A tile with those of its grid row, which is resized at once.
    package func strip(around index: Int) -> Strip {
        var strip = Strip()
        strip.range = index..<index + 1
        for part in parts where index >= part.first && index < part.first + part.grid.columns * part.grid.rows {
            let start = index - (index - part.first) % part.grid.columns
            strip.range = start..<start + part.grid.columns
        }
        strip.tiles = tiles(strip.range)
        return strip
    }

    /// One row of a grid: `[side, columns · side, 3]`.
    private func pixels(ofRow row: Int, of part: Part) -> [UInt8] {
        let count = part.grid.columns * side * side * 3
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let start = buffer.baseAddress else { return }
            part.sheet.write(rows: row * side..<(row + 1) * side, into: start)
            initialized = count
        }
    }

    private func cut(column: Int, of strip: [UInt8], columns: Int) -> RGBTile {
        if columns == 1 { return RGBTile(side: side, rgb: strip) }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(side * side * 3)
        for y in 0..<side {
            let start = (y * columns + column) * side * 3
            rgb.append(contentsOf: strip[start..<start + side * 3])
        }
        return RGBTile(side: side, rgb: rgb)
    }
}
