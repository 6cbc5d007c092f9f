/// An image on its way into tiles: any range of them can be made by itself, on whichever thread or rank needs it.
package struct TileSheet: Sendable {
    package let grid: TileGrid
    package let side: Int
    private let sheet: ImageResizer
    private let thumbnail: ImageResizer

    package init(_ image: DecodedImage, grid: TileGrid, side: Int) {
        (self.grid, self.side) = (grid, side)
        sheet = ImageResizer(image, width: grid.columns * side, height: grid.rows * side)
        thumbnail = ImageResizer(image, width: side, height: side)
    }

    /// Tiles, thumbnail included.
    package var count: Int { grid.tileCount }

    /// The tiles of `range`; only the grid rows that they lie in are resized.
    package func tiles(_ range: Range<Int>) -> [RGBTile] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "tiles \(range) of \(count)")
        var tiles: [RGBTile] = []
        for row in 0..<grid.rows {
            let inRow = range.clamped(to: row * grid.columns..<(row + 1) * grid.columns)
            if inRow.isEmpty { continue }
            let strip = strip(row)
            tiles += inRow.map { cut(column: $0 - row * grid.columns, of: strip) }
        }
        if range.contains(grid.columns * grid.rows) { tiles.append(RGBTile(side: side, rgb: thumbnail.rgb())) }
        return tiles
    }

    /// One row of the grid: `[side, columns · side, 3]`.
    private func strip(_ row: Int) -> [UInt8] {
        let count = grid.columns * side * side * 3
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let start = buffer.baseAddress else { return }
            sheet.write(rows: row * side..<(row + 1) * side, into: start)
            initialized = count
        }
    }

    private func cut(column: Int, of strip: [UInt8]) -> RGBTile {
        if grid.columns == 1 { return RGBTile(side: side, rgb: strip) }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(side * side * 3)
        for y in 0..<side {
            let start = (y * grid.columns + column) * side * 3
            rgb.append(contentsOf: strip[start..<start + side * 3])
        }
        return RGBTile(side: side, rgb: rgb)
    }
}
