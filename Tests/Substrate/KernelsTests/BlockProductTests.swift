import TestSupport
import Testing

@testable import Kernels

@Suite("Products in blocks")
struct BlockProductTests {
    /// Activations packed a few columns at a time, as earlier products leave them.
    private func packed(
        _ x: [Float],
        _ tokens: Int,
        _ width: Int,
        into memory: ScratchMemory,
        _ element: PackedRows.Element = .float32,
        _ kernels: KernelSet = .active
    ) -> PackedRows {
        let packed = PackedRows(memory.floats, count: tokens, width: width, element: element, kernels: kernels)
        var x = x
        x.withRows(tokens, width: width) { x in
            for tile in 0..<packed.tiles {
                let rows = x.rows(packed.tokens(tile..<tile + 1))
                for first in stride(from: 0, to: width, by: 5) {
                    let columns = first..<min(first + 5, width)
                    packed.store(rows.columns(columns), tiles: tile..<tile + 1, firstColumn: first)
                }
            }
        }
        return packed
    }

    @Test(
        "are the definition's bits in every storage, on any number of threads and with every instruction set",
        arguments: [(1, 1, 1), (5, 7, 16), (6, 64, 33), (13, 65, 40), (97, 130, 300)],
        PackedMatrix.Storage.chains
    )
    func definition(shape: (tokens: Int, outputs: Int, width: Int), storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 3)
        let (tokens, outputs, width) = shape
        let problem = Problem(rows: outputs, columns: width, tokens: tokens, storage: storage, pool: pool)
        let expected = problem.defined().bits
        let memory = ScratchMemory(byteCount: 4 * tokens * width)
        let element: PackedRows.Element = storage == .bfloat16Pairs ? .bfloat16 : .float32
        for kernels in everySet {
            let x = packed(problem.x, tokens, width, into: memory, element, kernels)
            for threads in [1, 3] {
                var y = [Float](repeating: .nan, count: tokens * outputs)
                y.withRows(tokens, width: outputs) { y in
                    let pool = ThreadPool(threads: threads, helpers: threads - 1)
                    pool.helpers?.beIncautious()
                    BlockProduct.forEach(x, outputs: outputs, on: pool) { block in
                        _ = block(problem.matrix)
                    } finish: { block in
                        RowOperations.copy(block.result(), to: y.rows(block.tokens).columns(block.outputs))
                    }
                    pool.settle()
                }
                #expect(y.bits == expected)
            }
        }
    }

    @Test("hold several results at once, and pack one for the next product")
    func chain() {
        let pool = ThreadPool(threads: 2)
        let (tokens, outputs, width) = (98, 70, 12)
        let (a, b) = (
            Problem(rows: outputs, columns: width, tokens: tokens, storage: .bfloat16, pool: pool),
            Problem(rows: outputs, columns: width, tokens: tokens, storage: .float32, pool: pool),
        )
        let (memory, next) = (
            ScratchMemory(byteCount: 4 * tokens * width), ScratchMemory(byteCount: 4 * tokens * outputs)
        )
        let target = PackedRows(next.floats, count: tokens, width: outputs)
        BlockProduct.forEach(packed(a.x, tokens, width, into: memory), outputs: outputs, results: 2, on: pool) {
            block in
            let (first, second) = (block(a.matrix, result: 0), block(b.matrix, result: 1))
            RowOperations.add(second, to: first)
        } finish: { block in
            block.store(block.result(), into: target, firstColumn: block.outputs.lowerBound)
        }
        let sums = zip(a.run(pool), b.run(pool)).map { $0 + $1 }
        for tile in 0..<target.tiles {
            let part = target.tokens(tile..<tile + 1)
            for token in part {
                for output in 0..<outputs {
                    let place = part.lowerBound * outputs + output * part.count + token - part.lowerBound
                    #expect(next.floats[place] == sums[token * outputs + output])
                }
            }
        }
    }

    @Test("cover every number once", arguments: [1, 2, 16, 17, 171], [1, 16, 64, 65, 1025])
    func cover(tiles: Int, outputs: Int) {
        let grid = BlockGrid(tiles: tiles, outputs: outputs)
        let panels = (outputs + 15) / 16
        var covered = [Int](repeating: 0, count: tiles * panels)
        for index in 0..<grid.count {
            let block = grid[index]
            for tile in block.tiles { for panel in block.panels { covered[tile * panels + panel] += 1 } }
        }
        #expect(covered.allSatisfy { $0 == 1 })
    }

    @Test("are many for the narrowest product of a SAILViT-Huge")
    func enough() { #expect(BlockGrid(tiles: 86, outputs: 1536).count == 144) }
}
