import Testing

@testable import SAILVL2Model

@Suite("The grid of blocks")
struct VisionBlockGridTests {
    @Test("covers every number of a product once", arguments: [1, 255, 256, 257, 600], [1, 256, 300, 1025])
    func cover(rows: Int, columns: Int) {
        let grid = BlockGrid(rows: rows, columns: columns)
        var covered = [Int](repeating: 0, count: rows * columns)
        for index in 0..<grid.count {
            let block = grid[index]
            #expect(block.rows.count <= BlockGrid.rowsPerBlock && block.columns.count <= BlockGrid.columnsPerBlock)
            for row in block.rows { for column in block.columns { covered[row * columns + column] += 1 } }
        }
        #expect(covered.allSatisfy { $0 == 1 })
    }

    @Test("has enough blocks of the narrowest product of a SAILViT-Huge for 24 threads")
    func enough() {
        #expect(BlockGrid(rows: 1024, columns: 1536).count == 24)
    }
}
