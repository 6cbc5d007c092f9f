import Kernels
import TestSupport
import Testing

@Suite("Products by quantised matrices")
struct QuantisedMatmulTests {
    private static let quantised: [PackedMatrix.Storage] = [.q8, .q4]

    @Test("every output is its defined chain, for every set", arguments: everySet, quantised)
    func definition(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 2)
        for (rows, columns) in [(1, 1), (15, 31), (17, 33), (33, 50), (16, 96), (33, 2048), (49, 2080)] {
            let problem = QuantisedProduct(rows, columns, storage, tokens: 25, pool)
            let defined = problem.defined()
            for tokens in Array(1...9) + [17, 18, 21, 25] {
                let found = problem.run(pool, tokens: 0..<tokens, kernels: kernels)
                #expect(found.bits == Array(defined[..<(tokens * rows)]).bits)
            }
        }
    }

    @Test("leaves are added in the order of the tree", arguments: everySet, quantised)
    func trees(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 2)
        let cases = [
            (50, 24, SumTree(leafEnds: [24, 48, 50], merges: [0, 1, 1])),
            (200, 50, SumTree(leafEnds: [50, 100, 150, 200], merges: [0, 1, 0, 2])),
            (200, 50, SumTree(leafEnds: [100, 150, 200], merges: [0, 0, 1])),
            (500, 192, SumTree(leafEnds: [192, 384, 500], merges: [0, 0, 0])),
        ]
        for (columns, blockColumns, tree) in cases {
            let problem = QuantisedProduct(
                70,
                columns,
                storage,
                blockColumns: blockColumns,
                tree: tree,
                tokens: 31,
                pool
            )
            for tokens in [1, 5, 17, 23, 31] {
                let found = problem.run(pool, tokens: 0..<tokens, kernels: kernels)
                #expect(found.bits == problem.defined(tokens: 0..<tokens).bits)
            }
        }
    }

    @Test("one token goes through panels of several blocks side by side", arguments: everySet, quantised)
    func oneToken(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let tree = SumTree(leafEnds: [4096, 4112], merges: [0, 1])
        let problem = QuantisedProduct(
            70,
            4112,
            storage,
            blockColumns: 2048,
            tree: tree,
            tokens: 1,
            ThreadPool(threads: 1)
        )
        let defined = problem.defined(tokens: 0..<1)
        for threads in [1, 2, 3] {
            let found = problem.run(ThreadPool(threads: threads), tokens: 0..<1, kernels: kernels)
            #expect(found.bits == defined.bits)
        }
    }

    @Test("so are leaves of any width of a tree of any form", arguments: everySet, quantised)
    func anyTree(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 2)
        var random = SeededRandom(seed: 71)
        for (blockColumns, leaves) in [(1, 37), (32, 33), (50, 19), (128, 16), (192, 7), (544, 3), (700, 2)] {
            var (ends, merges, depth): ([Int], [Int], Int) = ([], [], 0)
            for leaf in 0..<leaves {
                ends.append((ends.last ?? 0) + blockColumns * (leaf % 5 == 3 ? 2 : 1))
                merges.append(Int.random(in: 0...min(depth, 3), using: &random))
                depth += 1 - merges[leaf]
            }
            let tree = SumTree(leafEnds: ends, merges: merges)
            let columns = ends[leaves - 1]
            let problem = QuantisedProduct(
                50,
                columns,
                storage,
                blockColumns: blockColumns,
                tree: tree,
                tokens: 19,
                pool
            )
            for tokens in [2, 9, 19] {
                let found = problem.run(pool, tokens: 0..<tokens, kernels: kernels)
                #expect(found.bits == problem.defined(tokens: 0..<tokens).bits)
            }
        }
    }

    @Test(
        "company, threads and cuts change no bit of a token",
        arguments: everySet.filter { $0.name != "ref" },
        quantised
    )
    func invariance(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let problem = QuantisedProduct(16 * 37 - 5, 1100, storage, tokens: 256, ThreadPool(threads: 1))
        let pool = ThreadPool(threads: 3)
        let alone = (0..<256).flatMap { problem.run(pool, tokens: $0..<$0 + 1, kernels: kernels) }
        for tokens in [0..<8, 3..<12, 0..<31, 100..<233, 0..<256] {
            let expected = Array(alone[tokens.lowerBound * problem.rows..<tokens.upperBound * problem.rows])
            #expect(problem.run(ThreadPool(threads: 1), tokens: tokens, kernels: kernels).bits == expected.bits)
            #expect(problem.run(ThreadPool(threads: 2), tokens: tokens, kernels: kernels).bits == expected.bits)
            #expect(problem.run(pool, tokens: tokens, kernels: kernels).bits == expected.bits)
        }
    }

    @Test("the largest integers do not saturate", arguments: everySet, quantised)
    func extremes(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 1)
        for (w, x) in [(Float(1), Float(1)), (1, -1), (-1, 1), (-1, -1)] {
            let problem = QuantisedProduct(16, 64, storage, weights: { _ in w * 8 }, x: { _ in x }, tokens: 24, pool)
            let found = problem.run(pool, kernels: kernels)
            #expect(found.bits == problem.defined().bits)
            // A scale has eleven bits.
            #expect(found.allSatisfy { abs($0 - 64 * 8 * w * x) <= 0.26 })
        }
        // Nibbles of both ends beside each other.
        let problem = QuantisedProduct(
            16,
            64,
            storage,
            weights: { $0 % 3 == 0 ? -8 : 7 },
            x: { $0 % 2 == 0 ? 127 : -127 },
            tokens: 24,
            pool
        )
        for tokens in [4, 24] {
            let found = problem.run(pool, tokens: 0..<tokens, kernels: kernels)
            #expect(found.bits == problem.defined(tokens: 0..<tokens).bits)
        }
    }

    @Test("scales and integers at their ends are the definition's bits", arguments: everySet, quantised)
    func edges(kernels: KernelSet, storage: PackedMatrix.Storage) {
        var random = SeededRandom(seed: 40)
        let noise = random.floats(97 * 89)
        let (columns, tokens) = (96, 22)
        let problem = QuantisedProduct(
            35,
            columns,
            storage,
            weights: { i in
                let (row, column, noise) = (i / columns, i % columns, noise[i])
                return switch row % 7 {
                case 0: column % 32 == 0 ? 5 : 0  // four bits: a negative scale, and dots that are zero
                case 1: 3e-5 * noise  // a scale that is denormal as a half
                case 2: 1e-8 * noise  // a scale of zero
                case 3: column == 40 ? .nan : noise
                case 4: column % 2 == 0 ? 3e38 : -3e38  // the largest scale
                case 5: -1
                default: noise
                }
            },
            x: { i in
                let (token, column, noise) = (i / columns, i % columns, noise[i])
                return switch token % 7 {
                case 0: column % 32 == 0 ? 0 : noise
                case 1: column % 2 == 0 ? 127 : -127
                case 2: 1
                case 3: column == 70 ? .infinity : noise
                case 4: 3e38 * noise
                case 5: 1e-29 * noise
                default: noise
                }
            },
            tokens: tokens,
            ThreadPool(threads: 1)
        )
        for count in [1, 5, 8, tokens] {
            let found = problem.run(ThreadPool(threads: 1), tokens: 0..<count, kernels: kernels)
            #expect(found.bits == problem.defined(tokens: 0..<count).bits)
        }
    }

    @Test("a zero of a negative scale is none that a sum keeps", arguments: everySet)
    func zeros(kernels: KernelSet) {
        let problem = QuantisedProduct(
            16,
            32,
            .q4,
            weights: { $0 % 32 == 0 ? 5 : 0 },
            x: { $0 % 32 == 0 ? 0 : 1 },
            tokens: 20,
            ThreadPool(threads: 1)
        )
        #expect(problem.made.bytes.group(row: 0, block: 0, group: 0).scale < 0)
        for count in [1, 8, 20] {
            let found = problem.run(ThreadPool(threads: 1), tokens: 0..<count, kernels: kernels)
            #expect(found.bits == [Float](repeating: 0, count: 16 * count).bits)
        }
    }

    @Test("an infinite scale, which a damaged file may have, counts as a NaN", arguments: everySet, quantised)
    func infiniteScale(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 1)
        let problem = QuantisedProduct(16, 64, storage, x: { $0 % 64 < 32 ? 0 : 1 }, tokens: 20, pool)
        let before = problem.run(pool, kernels: kernels)
        problem.made.matrix.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for lane in [3, 9] {
                let infinity: UInt16 = lane == 3 ? 0x7C00 : 0xFC00
                (UnsafeMutableRawPointer(mutating: base) + 2 * lane).storeBytes(of: infinity, as: UInt16.self)
            }
        }
        for count in [1, 8, 20] {
            let found = problem.run(pool, tokens: 0..<count, kernels: kernels)
            let expected = before.prefix(16 * count).enumerated().map { [3, 9].contains($0 % 16) ? .nan : $1 }
            #expect(found.bits == expected.bits)
        }
    }

    @Test("numbers that are none, and tiny ones, give the same in every set", arguments: quantised)
    func odd(storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 1)
        let odd: [Float] = [.nan, .infinity, -.infinity, Float(bitPattern: 700), 3e38, -3e38, 1e-31, 0]
        let weights = { (i: Int) in i % 211 == 0 ? odd[i / 211 % 8] : Float(i % 13) - 6 }
        let x = { (i: Int) in i % 97 == 0 ? odd[i / 97 % 8] : Float(i % 7) - 3 }
        let problem = QuantisedProduct(40, 130, storage, blockColumns: 65, weights: weights, x: x, tokens: 35, pool)
        let results = everySet.map { problem.run(pool, kernels: $0) }
        for result in results { #expect(result.bits == results[0].bits) }
        #expect(results[0].contains { $0.isNaN })
        #expect(results[0].contains { $0.isFinite })
        let tiny = QuantisedProduct(
            16,
            32,
            storage,
            weights: { _ in 1 },
            x: { _ in Float(bitPattern: 70_000) },
            tokens: 1,
            pool
        )
        #expect(tiny.run(pool) == [Float](repeating: 0, count: 16))
    }

    @Test("several matrices give what each gives alone", arguments: [1, 9])
    func lists(tokens: Int) {
        let pool = ThreadPool(threads: 2)
        let kinds: [(Int, PackedMatrix.Storage)] = [
            (40, .q8), (16, .q8), (33, .q4), (20, .bfloat16), (5, .float32), (50, .q8),
        ]
        var random = SeededRandom(seed: 3)
        let parts = kinds.map { rows, storage in
            let weights = random.floats(rows * 70)
            guard storage.isQuantised else {
                return packed(StoredWeights(weights, storage), rows: rows, columns: 70, pool: pool)
            }
            return QuantisedMatrix(weights, rows: rows, columns: 70, storage: storage, pool: pool).matrix
        }
        var x = random.floats(tokens * 70)
        let width = kinds.reduce(0) { $0 + $1.0 }
        var (together, alone) = (
            [Float](repeating: .nan, count: tokens * width), [Float](repeating: .nan, count: tokens * width)
        )
        x.withRows(tokens, width: 70) { x in
            together.withRows(tokens, width: width) { Matmul.run(pool, parts, x, into: $0) }
            alone.withRows(tokens, width: width) { y in
                var first = 0
                for part in parts {
                    Matmul.run(pool, part, x, into: y.columns(first..<first + part.rows))
                    first += part.rows
                }
            }
        }
        #expect(together.bits == alone.bits)
        #expect(together.allSatisfy { $0.isFinite })
    }
}
