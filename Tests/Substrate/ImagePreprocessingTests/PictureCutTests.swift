import Digests
import Foundation
import ImagePreprocessing
import Requests
import TestSupport
import Testing

/// One line of `cuts/expected.json`: what Pillow makes of a file under some options of cutting it.
struct GoldenCut: Decodable, Sendable, CustomTestStringConvertible {
    let file: String
    let side: Int
    let maxTiles: Int
    let orient: Bool
    let rgbFirst: Bool
    let tiling: PictureCut.Tiling
    let size: [Int]
    let grid: [Int]
    let second: [Int]?
    let digests: [String]

    enum CodingKeys: String, CodingKey {
        case file, side, orient, tiling, size, grid, second
        case maxTiles = "max_tiles"
        case rgbFirst = "rgb_first"
        case digests = "rgb_sha256"
    }

    var testDescription: String { "\(file), \(cut.key), tiles of \(side)" }

    var cut: PictureCut { PictureCut(maxTiles: maxTiles, tiling: tiling, rgbFirst: rgbFirst, orient: orient) }

    static func all() throws -> [GoldenCut] {
        try JSONDecoder().decode([GoldenCut].self, from: Data(contentsOf: Fixtures.url("images/cuts/expected.json")))
    }

    func bytes() throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Fixtures.url("images").appendingPathComponent(file)))
    }
}

struct PictureCutTests {
    @Test("Turned, in RGB first, in two grids: tiles are Pillow's to the bit", arguments: try GoldenCut.all())
    func golden(golden: GoldenCut) throws {
        let bytes = try golden.bytes()
        let tiler = Tiler(side: golden.side, cut: golden.cut)
        let image = try tiler.decode(bytes)
        #expect([image.width, image.height] == golden.size)
        let layout = try tiler.layout(of: bytes)
        #expect(layout == tiler.layout(width: image.width, height: image.height), "the header says the same")
        #expect(layout.grid.pair == golden.grid && layout.second?.pair == golden.second)
        #expect(layout.tileCount == golden.digests.count)
        #expect(tiler.tiles(of: image).map { SHA256.hex($0.rgb) } == golden.digests)
    }

    @Test("A range of the tiles of two grids is the same as those of the whole, for every range")
    func ranges() throws {
        let golden = try #require(
            try GoldenCut.all().first { $0.tiling == .msac && $0.file == "photo420.jpg" && $0.maxTiles == 10 }
        )
        let tiler = Tiler(side: golden.side, cut: golden.cut)
        let sheet = tiler.sheet(of: try tiler.decode(golden.bytes()))
        let all = sheet.tiles(0..<sheet.count)
        #expect(sheet.layout.second != nil && all.count == sheet.count)
        for first in 0...all.count {
            for end in first...all.count { #expect(sheet.tiles(first..<end) == Array(all[first..<end])) }
        }
        for index in all.indices {
            let strip = sheet.strip(around: index)
            #expect(strip.range.contains(index) && strip.tiles == Array(all[strip.range]))
        }
    }

    @Test("No second grid divides the first one, and with one tile at most there is none")
    func secondGrids() {
        for limit in 1...24 {
            for (width, height) in [(1, 1), (448, 448), (1000, 300), (300, 1000), (1920, 1080), (5, 5000), (640, 480)] {
                let layout = Tiler(side: 448, cut: PictureCut(maxTiles: limit, tiling: .msac))
                    .layout(width: width, height: height)
                guard let second = layout.second else {
                    #expect(limit == 1)
                    continue
                }
                #expect(
                    layout.grid.columns % second.columns != 0 || layout.grid.rows % second.rows != 0,
                    "\(layout) of \(width)×\(height)"
                )
                #expect(second.columns * second.rows <= limit)
                #expect(layout.tileCount <= 2 * limit + 1)
            }
        }
    }

    @Test("Cuts that make other tiles have other keys, and the published cut has the key that it always had")
    func keys() {
        var keys: Set<String> = []
        for tiles in [1, 11] {
            for tiling in PictureCut.Tiling.allCases {
                for rgb in [false, true] {
                    for turn in [false, true] {
                        keys.insert(PictureCut(maxTiles: tiles, tiling: tiling, rgbFirst: rgb, orient: turn).key)
                    }
                }
            }
        }
        #expect(keys.count == 16 && keys.contains("11"))
    }
}
