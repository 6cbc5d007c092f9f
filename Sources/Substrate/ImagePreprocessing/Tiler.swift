/// Cuts an image into the tiles that the model sees, bit-exact with Pillow.
///
/// ```
/// grid = TileGrid.choose(size);  sheet = image.resize(columns · side, rows · side)
/// tiles = the sheet's squares row by row, then image.resize(side, side) if there is more than one
/// ```
/// Source: `dynamic_preprocess` of SAIL-VL2's `SAILVLImageProcessor`.
package struct Tiler: Sendable, Equatable {
    /// Pixels along a tile's edge.
    package let side: Int
    /// Tiles of the grid at most; the thumbnail comes on top.
    package let maxTiles: Int

    package init(side: Int, maxTiles: Int) {
        precondition(side > 0 && maxTiles > 0, "side \(side), \(maxTiles) tiles")
        (self.side, self.maxTiles) = (side, maxTiles)
    }

    package func grid(width: Int, height: Int) -> TileGrid {
        TileGrid.choose(width: width, height: height, side: side, maxTiles: maxTiles)
    }

    /// The tiles that `header`'s image will be cut into, thumbnail included.
    package func tileCount(of header: ImageHeader) -> Int {
        grid(width: header.width, height: header.height).tileCount
    }

    /// The tiles of `image`, to be made in parts.
    package func sheet(of image: DecodedImage) -> TileSheet {
        TileSheet(image, grid: grid(width: image.width, height: image.height), side: side)
    }

    /// All tiles, the thumbnail last.
    package func tiles(of image: DecodedImage) -> [RGBTile] {
        let sheet = sheet(of: image)
        return sheet.tiles(0..<sheet.count)
    }
}
