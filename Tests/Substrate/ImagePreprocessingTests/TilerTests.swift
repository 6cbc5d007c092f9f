import Digests
import ImagePreprocessing
import TestSupport
import Testing

struct TilerTests {
    @Test("Tiles of the reference's 17 images are Pillow's to the bit", arguments: try GoldenTiles.all(in: "images"))
    func reference(golden: GoldenTiles) throws {
        try check(golden, in: "images")
    }

    @Test(
        "Tiles of every kind of JPEG, PNG and WebP are Pillow's to the bit",
        arguments: try GoldenTiles.all(in: "images/more")
    )
    func matrix(golden: GoldenTiles) throws {
        try check(golden, in: "images/more")
    }

    private func check(_ golden: GoldenTiles, in folder: String) throws {
        let bytes = try golden.bytes(in: folder)
        let header = try ImageHeader.read(bytes)
        #expect([header.width, header.height] == golden.size)
        #expect(header.mode.rawValue == golden.mode)
        let tiler = Tiler(side: golden.side, maxTiles: golden.maxTiles)
        let layout = try tiler.layout(of: bytes)
        #expect(layout.tileCount == golden.tiles)
        #expect(layout.grid.pair == golden.grid && layout.second == nil)
        let tiles = tiler.tiles(of: try DecodedImage(decoding: bytes))
        if let row = golden.tile0Row0 { #expect(Array(tiles[0].rgb.prefix(row.count)) == row) }
        #expect(tiles.map { SHA256.hex($0.rgb) } == golden.digests)
    }

    @Test("A range of tiles is the same as those of the whole, for every range")
    func ranges() throws {
        let golden = try #require(
            try GoldenTiles.all(in: "images").first { $0.file == "photo420.jpg" && $0.side == 56 }
        )
        let image = try DecodedImage(decoding: golden.bytes(in: "images"))
        let tiler = Tiler(side: 56, maxTiles: 6)
        let all = tiler.tiles(of: image)
        let sheet = tiler.sheet(of: image)
        #expect(sheet.count == all.count && all.count > 3)
        for first in 0...all.count {
            for end in first...all.count { #expect(sheet.tiles(first..<end) == Array(all[first..<end])) }
        }
        for index in all.indices {
            let strip = sheet.strip(around: index)
            #expect(strip.range.contains(index) && strip.tiles == Array(all[strip.range]))
        }
    }
}
