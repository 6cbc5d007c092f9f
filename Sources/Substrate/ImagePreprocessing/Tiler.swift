package import Requests

/// Cuts an image into the tiles that the model sees, bit-exact with Pillow.
///
/// ```
/// grid = TileGrid.choose(size);  sheet = image.resize(columns · side, rows · side)
/// tiles = the sheet's squares row by row, then image.resize(side, side) if there is more than one
/// ```
/// Source: `dynamic_preprocess` of SAIL-VL2's `SAILVLImageProcessor`. What a `PictureCut` can ask for besides is how
/// published evaluations prepare pictures (a second grid, RGB before the resize), and EXIF's orientation.
package struct Tiler: Sendable, Equatable {
    /// Pixels along a tile's edge.
    package let side: Int
    package let cut: PictureCut

    package init(side: Int, cut: PictureCut) {
        precondition(side > 0 && cut.maxTiles > 0, "side \(side), \(cut.maxTiles) tiles")
        (self.side, self.cut) = (side, cut)
    }

    /// As published.
    package init(side: Int, maxTiles: Int) { self.init(side: side, cut: PictureCut(maxTiles: maxTiles)) }

    /// How a picture of that size, turned if it is to be turned, is cut.
    package func layout(width: Int, height: Int) -> TileLayout {
        let grid = TileGrid.choose(width: width, height: height, side: side, maxTiles: cut.maxTiles)
        guard cut.tiling == .msac else { return TileLayout(grid: grid) }
        let second = TileGrid.chooseSecond(
            beside: grid,
            width: width,
            height: height,
            side: side,
            maxTiles: cut.maxTiles
        )
        return TileLayout(grid: grid, second: second)
    }

    /// How the picture of a file will be cut; nothing is decoded.
    package func layout(of file: [UInt8], limits: ImageLimits = .standard) throws(ImageError) -> TileLayout {
        let header = try ImageHeader.read(file, limits: limits)
        let swaps = cut.orient && ImageOrientation.read(file).swapsAxes
        return swaps
            ? layout(width: header.height, height: header.width) : layout(width: header.width, height: header.height)
    }

    /// The picture of a file as it is cut: turned and converted where that is asked for.
    package func decode(_ file: [UInt8], limits: ImageLimits = .standard) throws(ImageError) -> DecodedImage {
        var image = try DecodedImage(decoding: file, limits: limits)
        if cut.orient { image = image.turned(ImageOrientation.read(file)) }
        return cut.rgbFirst ? image.convertedToRGB() : image
    }

    /// The tiles of a picture that `decode` has made, to be made in parts.
    package func sheet(of image: DecodedImage) -> TileSheet {
        TileSheet(image, layout: layout(width: image.width, height: image.height), side: side)
    }

    /// All tiles of such a picture, the thumbnail last.
    package func tiles(of image: DecodedImage) -> [RGBTile] {
        let sheet = sheet(of: image)
        return sheet.tiles(0..<sheet.count)
    }
}
