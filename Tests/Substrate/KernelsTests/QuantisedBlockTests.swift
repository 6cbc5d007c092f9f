import CKernels
import TestSupport
import Testing

@testable import Kernels

/// The vision tower's products in eight bits: packed activations, blocks of products, attention into them.
@Suite("Quantised products in blocks")
struct QuantisedBlockTests {
    private typealias Element = PackedRows.Element

    /// `[tokens, width]` quantised, stored by `columnsAtOnce` columns on several threads at once.
    private func packed(
        _ x: [Float],
        width: Int,
        columnsAtOnce: Int,
        into memory: ScratchMemory,
        _ kernels: KernelSet
    ) -> PackedRows {
        var x = x
        let tokens = x.count / width
        let packed = PackedRows(memory.floats, count: tokens, width: width, element: .q8, kernels: kernels)
        x.withRows(tokens, width: width) { x in
            ThreadPool(threads: 3).run((width + columnsAtOnce - 1) / columnsAtOnce) { part in
                let columns = part * columnsAtOnce..<min((part + 1) * columnsAtOnce, width)
                packed.store(x.columns(columns), tiles: 0..<packed.tiles, firstColumn: columns.lowerBound)
            }
        }
        return packed
    }

    private func memory(tokens: Int, width: Int) -> ScratchMemory {
        let memory = ScratchMemory(byteCount: 4 * tokens * Element.q8.words(width: width))
        // What is not written shows.
        memory.floats.update(repeating: .nan, count: tokens * Element.q8.words(width: width))
        return memory
    }

    @Test(
        "activations are what ck_quant_x makes of all columns, however many groups come at once",
        arguments: everySet,
        [1, 7, 13, 50]
    )
    func wholeTokens(kernels: KernelSet, tokens: Int) {
        for width in [5, 32, 43, 100, 128] {
            var random = SeededRandom(seed: UInt64(tokens * width))
            let x = random.floats(tokens * width)
            let count = ck_quant_x_bytes(tokens, width, width)
            var expected = [UInt8](repeating: 7, count: count)
            for token in 0..<tokens {
                x.withUnsafeBufferPointer { x in
                    let row = x.baseAddress.unsafelyUnwrapped + token * width
                    ck_quant_x(kernels.table, CK_Q8, width, width, row, tokens, token, &expected)
                }
            }
            #expect(4 * tokens * Element.q8.words(width: width, kernels: kernels) == count)
            for columns in [32, 64, 128] {
                let memory = memory(tokens: tokens, width: width)
                _ = packed(x, width: width, columnsAtOnce: columns, into: memory, kernels)
                let found = UnsafeRawBufferPointer(start: memory.base, count: count)
                #expect(found.elementsEqual(expected), "\(width) columns, \(columns) at once")
            }
        }
    }

    @Test(
        "are the definition's bits, on any number of threads and with every instruction set",
        arguments: [(1, 1, 1), (5, 7, 16), (6, 64, 33), (13, 65, 40), (17, 20, 64), (131, 130, 300)]
    )
    func definition(shape: (tokens: Int, outputs: Int, width: Int)) {
        let (tokens, outputs, width) = shape
        var random = SeededRandom(seed: UInt64(width))
        let (weights, x) = (random.floats(outputs * width), random.floats(tokens * width).map { 3 * $0 })
        let pool = ThreadPool(threads: 3)
        let w = QuantisedMatrix(weights, rows: outputs, columns: width, storage: .q8, pool: pool)
        let tree = SumTree.single(columns: width)
        let expected = (0..<tokens).flatMap { token in
            (0..<outputs).flatMap { w.bytes.product(row: $0, Array(x[token * width..<(token + 1) * width]), tree) }
        }
        for kernels in everySet {
            let memory = memory(tokens: tokens, width: width)
            let x = packed(x, width: width, columnsAtOnce: 64, into: memory, kernels)
            for threads in [1, 3] {
                #expect(product(x, w.matrix, threads: threads).bits == expected.bits, "\(threads) threads")
            }
        }
    }

    private func product(_ x: PackedRows, _ w: PackedMatrix, threads: Int) -> [Float] {
        var y = [Float](repeating: .nan, count: x.count * w.rows)
        y.withRows(x.count, width: w.rows) { y in
            let pool = ThreadPool(threads: threads, helpers: threads - 1)
            pool.helpers?.beIncautious()
            BlockProduct.forEach(x, outputs: w.rows, on: pool) { block in
                _ = block(w)
            } finish: { block in
                RowOperations.copy(block.result(), to: y.rows(block.tokens).columns(block.outputs))
            }
            pool.settle()
        }
        return y
    }

    @Test(
        "attention is quantised for them, whole groups at once, and nothing else",
        arguments: [
            (1, 1, 1), (7, 3, 5), (49, 2, 16), (100, 2, 24), (65, 4, 32), (130, 3, 64), (33, 5, 6), (40, 7, 13),
        ],
        everySet
    )
    func attention(sizes: (tokens: Int, heads: Int, headDim: Int), kernels: KernelSet) {
        let (tokens, width) = (sizes.tokens, sizes.heads * sizes.headDim)
        var random = SeededRandom(seed: 12)
        let qkv = random.floats(tokens * 3 * width)
        let floats = ScratchMemory(byteCount: 4 * tokens * width)
        let exact = PackedRows(floats.floats, count: tokens, width: width, kernels: kernels)
        attend(sizes, qkv, threads: 1, into: exact)
        var rows = [Float](repeating: .nan, count: tokens * width)
        for tile in 0..<exact.tiles {
            let part = exact.tokens(tile..<tile + 1)
            for token in part {
                for column in 0..<width {
                    let place = part.lowerBound * width + column * part.count + token - part.lowerBound
                    rows[token * width + column] = floats.floats[place]
                }
            }
        }
        let (expected, found) = (memory(tokens: tokens, width: width), memory(tokens: tokens, width: width))
        _ = packed(rows, width: width, columnsAtOnce: width + 31 & ~31, into: expected, kernels)
        for threads in [1, 3] {
            let out = PackedRows(found.floats, count: tokens, width: width, element: .q8, kernels: kernels)
            attend(sizes, qkv, threads: threads, into: out)
            let count = tokens * Element.q8.words(width: width)
            #expect((0..<count).allSatisfy { found.floats[$0].bitPattern == expected.floats[$0].bitPattern })
        }
    }

    private func attend(
        _ sizes: (tokens: Int, heads: Int, headDim: Int),
        _ qkv: [Float],
        threads: Int,
        into out: PackedRows
    ) {
        let attention = FullAttention(tokens: sizes.tokens, heads: sizes.heads, headDim: sizes.headDim)
        let pool = ThreadPool(threads: threads, helpers: threads - 1)
        pool.helpers?.beIncautious()
        var qkv = qkv
        qkv.withRows(sizes.tokens, width: 3 * out.width) { all in
            // Twice, since the packed keys and values are kept.
            for _ in 0..<2 {
                attention.run(
                    pool,
                    q: all.columns(0..<out.width),
                    k: all.columns(out.width..<2 * out.width),
                    v: all.columns(2 * out.width..<3 * out.width),
                    into: out
                )
            }
        }
        pool.settle()
    }
}
