import Digests
import ImagePreprocessing
import Testing

struct TileGridTests {
    @Test(
        "The grid is the reference's, ties included",
        arguments: [
            (448, 448, 10, 1, 1), (633, 633, 10, 1, 1), (634, 634, 10, 2, 2), (1000, 1000, 10, 3, 3),
            (350, 100, 10, 3, 1), (3500, 1000, 10, 4, 1), (896, 256, 10, 3, 1), (1500, 428, 10, 4, 1),
            (1, 1_000_000, 10, 1, 10), (130, 700, 10, 1, 5), (800, 600, 6, 3, 2), (4000, 3000, 12, 4, 3),
        ]
    )
    func grids(width: Int, height: Int, limit: Int, columns: Int, rows: Int) {
        let grid = TileGrid.choose(width: width, height: height, side: 448, maxTiles: limit)
        #expect(grid == TileGrid(columns: columns, rows: rows))
    }

    /// The digest of the reference's answers, `columns×rows` a line, over the same sizes in the same order.
    @Test("15,456 sizes and limits give the reference's grids")
    func many() {
        var lines = ""
        for limit in 1...16 {
            for side in [56, 448] {
                for width in stride(from: 1, to: 2000, by: 97) {
                    for height in stride(from: 1, to: 2000, by: 89) {
                        let grid = TileGrid.choose(width: width, height: height, side: side, maxTiles: limit)
                        lines += "\(grid.columns)×\(grid.rows)\n"
                    }
                }
            }
        }
        #expect(SHA256.hex(Array(lines.utf8)) == "d4e9368d9baa07de5e73685464032288840fbee6813573f50ec72309ae6e9a5b")
    }

    @Test("One tile has no thumbnail, more tiles have one")
    func tileCount() {
        #expect(TileGrid(columns: 1, rows: 1).tileCount == 1)
        #expect(TileGrid(columns: 3, rows: 2).tileCount == 7)
    }
}
