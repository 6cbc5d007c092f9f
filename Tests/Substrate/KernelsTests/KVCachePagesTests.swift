import CKernels
import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Key-value cache")
struct KVCachePagesTests {
    @Test("sizes follow the layout, values padded to sixteen lanes")
    func sizes() {
        #expect(KVLayout(element: .float16, kvHeads: 8, headDim: 128).pageBytes == 8 * 64 * 256 * 2)
        #expect(KVLayout(element: .float32, kvHeads: 2, headDim: 20).pageBytes == 2 * 64 * (20 + 32) * 4)
        #expect(KVLayout(element: .q8, kvHeads: 8, headDim: 128).pageBytes == 8 * 64 * (256 + 8))
        #expect(KVLayout(element: .q8, kvHeads: 1, headDim: 17).pageBytes == 64 * (20 + 32 + 8))
        #expect([0, 1, 64, 65].map(KVLayout.pages) == [0, 1, 1, 2])
        let layout = KVLayout(element: .float16, kvHeads: 2, headDim: 16)
        #expect(KVCachePages(layout: layout, layers: 3, pages: 5).byteCount == 15 * layout.pageBytes)
    }

    @Test("a copied page holds what its source held")
    func copy() {
        let problem = AttentionProblem(tokens: 50, kvHeads: 1, group: 2, headDim: 16, element: .float16)
        let pool = ThreadPool(threads: 1)
        let expected = problem.run(pool, chunks: [50])
        let cache = KVCachePages(layout: problem.layout, layers: 2, pages: 2)
        let first = SequenceRun(firstRow: 0, tokens: 40, start: 0, pages: [0])
        _ = problem.step(pool, cache, [first], rows: 0..<40)
        cache.copyPage(0, to: 1)
        let rest = SequenceRun(firstRow: 0, tokens: 10, start: 40, pages: [1])
        #expect(problem.step(pool, cache, [rest], rows: 40..<50).bits == Array(expected[(40 * 32)...]).bits)
    }

    @Test("halves are rounded to nearest, ties to even, and stay finite, in every set", arguments: [1, 3])
    func rounding(step: Int) {
        let values: [Float] =
            [0, -0.0, 1, 65504, 65519.996, 65520, 1e30, -.infinity, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1.000002p-25]
            + [0x1.ffcp-15, 0x1.ffep-15, 1.00048828125, 1.00146484375, 1.000488281, 3.14159, -2.71828]
        let expected = values.map { abs($0) < 65504 ? halfBits($0) : 0x7bff }
        for table in [referenceTable] + fastTables {
            var out = [UInt16](repeating: 0xffff, count: values.count * step)
            _ = table.pointee.kv_store.1(values, values.count, &out, step)
            for index in values.indices {
                #expect(out[index * step] & 0x7fff == expected[index] & 0x7fff, "\(values[index])")
                #expect(out[index * step] >> 15 == values[index].bitPattern >> 31)
            }
        }
    }

    /// A row in eight bits: the integers, which are stored 128 larger, and their scale.
    private func stored(
        _ row: [Float],
        _ table: UnsafePointer<ck_kernels>,
        step: Int
    ) -> (integers: [Int], scale: Float) {
        var bytes = [UInt8](repeating: 99, count: row.count * step)
        let scale = table.pointee.kv_store.2(row, row.count, &bytes, step)
        return (row.indices.map { Int(bytes[$0 * step]) - 128 }, scale)
    }

    @Test("eight-bit numbers and their scale are within half a step, zeros included", arguments: [1, 3])
    func eightBits(step: Int) {
        let rows: [[Float]] = [
            [0, 0, 0], [-0.0, 0, 1e-38], [-1e-30, 1e-29], [1, -2, 0.5, 127.5, -127.5, 3], [1e-3, -5e-4, 2.5e-4],
            [3e38, -1e38, 0], [-7],
        ]
        for table in [referenceTable] + fastTables {
            for row in rows {
                let (out, scale) = stored(row, table, step: step)
                let largest = row.map(abs).max() ?? 0
                #expect(scale == (largest < 0x1p-100 ? 0 : largest / 127))
                for (index, x) in row.enumerated() {
                    #expect(abs(Double(out[index]) * Double(scale) - Double(x)) <= Double(scale) * 0.50001 + 0x1p-100)
                }
            }
        }
    }

    @Test(
        "infinities become the largest numbers of the cache, and a NaN stays visible, in every set",
        arguments: [1, 3]
    )
    func beyond(step: Int) {
        let row: [Float] = [1, -.infinity, .infinity, 3e38, 0, -5, 7, 8, 9]
        for table in [referenceTable] + fastTables {
            let (out, scale) = stored(row, table, step: step)
            #expect(scale == Float.greatestFiniteMagnitude / 127)
            #expect(out == [0, -127, 127, 112, 0, 0, 0, 0, 0])
            #expect(stored([1, .nan], table, step: step).scale.isNaN)
            var halves = [UInt16](repeating: 0, count: 11 * step)
            _ = table.pointee.kv_store.1(row + [.nan, 65_536], 11, &halves, step)
            let stored = (0..<11).map { halves[$0 * step] }
            #expect(stored.prefix(4) == [0x3c00, 0xfbff, 0x7bff, 0x7bff] && stored[10] == 0x7bff)
            #expect(stored[9] & 0x7fff > 0x7c00)
        }
    }

    @Test("every half widens to its value in every set")
    func widening() {
        let halves = (0..<UInt16.max).map { $0 }.filter { $0 & 0x7c00 != 0x7c00 }
        let count = halves.count / 16 * 16
        for table in [referenceTable] + fastTables {
            var out = [Float](repeating: 0, count: count)
            table.pointee.kv_tile.1(halves, count, count, 1, halves, [1], 1, 1, &out, count)
            #expect(zip(out, halves).allSatisfy { $0 == halfValue($1) })
        }
    }
}
