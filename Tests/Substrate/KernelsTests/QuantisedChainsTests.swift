import Kernels
import TestSupport
import Testing

@Suite("Leaves of quantised products by many tokens")
struct QuantisedChainsTests {
    private static let quantised: [PackedMatrix.Storage] = [.q8, .q4]

    /// Leaves of one or several blocks, of so many groups that some share a pass and some are cut, added in any order.
    private static func tree(blockColumns: Int, leaves: Int, _ random: inout SeededRandom) -> SumTree {
        var (ends, merges, depth): ([Int], [Int], Int) = ([], [], 0)
        for leaf in 0..<leaves {
            ends.append((ends.last ?? 0) + blockColumns * Int.random(in: 1...2, using: &random))
            merges.append(Int.random(in: 0...min(depth, 3), using: &random))
            depth += 1 - merges[leaf]
        }
        return SumTree(leafEnds: ends, merges: merges)
    }

    @Test("are their defined chains, however many panels, tokens and groups there are", arguments: quantised)
    func storm(storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 2)
        var random = SeededRandom(seed: 16)
        // Groups of a block: even and odd, some of which fill a pass, and some of which are more than a pass.
        let shapes = [
            (1, 23), (3, 7), (4, 16), (6, 5), (8, 4), (9, 3), (17, 2), (18, 2), (19, 2), (36, 1), (37, 1),
        ]
        for (groups, leaves) in shapes {
            let blockColumns = groups * 32 - Int.random(in: 0...31, using: &random)
            let tree = Self.tree(blockColumns: blockColumns, leaves: leaves, &random)
            let (rows, tokens) = (Int.random(in: 1...70, using: &random), Int.random(in: 17...33, using: &random))
            let problem = QuantisedProduct(
                rows,
                tree.columns,
                storage,
                blockColumns: blockColumns,
                tree: tree,
                tokens: tokens,
                pool
            )
            let defined = problem.defined().bits
            for kernels in everySet { #expect(problem.run(pool, kernels: kernels).bits == defined) }
        }
    }

    @Test("reach the output with every number of panels in the last group", arguments: quantised)
    func panels(storage: PackedMatrix.Storage) {
        let tree = SumTree(leafEnds: [64, 128, 192, 256], merges: [0, 1, 0, 2])
        for rows in [1, 16, 31, 32, 33, 48, 63, 64, 65, 80, 96, 97] {
            let problem = QuantisedProduct(
                rows,
                256,
                storage,
                blockColumns: 64,
                tree: tree,
                tokens: 20,
                ThreadPool(threads: 1)
            )
            let defined = problem.defined().bits
            for (kernels, threads) in everySet.flatMap({ [($0, 1), ($0, 2)] }) {
                #expect(problem.run(ThreadPool(threads: threads), kernels: kernels).bits == defined)
            }
        }
    }

    @Test("are the same in company of any number", arguments: everySet.filter { $0.name != "ref" }, quantised)
    func company(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let tree = SumTree(leafEnds: (1...16).map { $0 * 96 }, merges: (1...16).map { $0.trailingZeroBitCount })
        let tokens = 300
        let problem = QuantisedProduct(
            16 * 7,
            16 * 96,
            storage,
            blockColumns: 96,
            tree: tree,
            tokens: tokens,
            ThreadPool(threads: 1)
        )
        let pool = ThreadPool(threads: 3)
        let alone = (0..<tokens).flatMap { problem.run(pool, tokens: $0..<$0 + 1, kernels: kernels) }
        for range in [0..<17, 5..<45, 0..<128, 40..<169, 0..<256, 0..<257, 0..<300] {
            let expected = Array(alone[range.lowerBound * problem.rows..<range.upperBound * problem.rows])
            for threads in [1, 2, 3] {
                let found = problem.run(ThreadPool(threads: threads), tokens: range, kernels: kernels)
                #expect(found.bits == expected.bits)
            }
        }
    }

    @Test("tell a NaN from an infinity of either sign in every set", arguments: quantised)
    func odd(storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 2)
        let tree = SumTree(leafEnds: (1...8).map { $0 * 64 }, merges: (1...8).map { $0.trailingZeroBitCount })
        let odd: [Float] = [.nan, .infinity, 3e38, -3e38, -.infinity, 1e-40, -0.0, 0]
        let weights = { (i: Int) in i % 613 == 0 ? odd[i / 613 % 8] : Float(i % 11) * 1e3 - 5e3 }
        let x = { (i: Int) in i % 331 == 0 ? odd[i / 331 % 8] : Float(i % 5) * 1e34 - 2e34 }
        let problem = QuantisedProduct(
            70,
            512,
            storage,
            blockColumns: 64,
            tree: tree,
            weights: weights,
            x: x,
            tokens: 29,
            pool
        )
        let results = everySet.map { problem.run(pool, kernels: $0) }
        for result in results { #expect(result.bits == results[0].bits) }
        #expect(results[0].contains { $0.isNaN } && results[0].contains { $0.isFinite })
        let alone = (0..<29).flatMap { problem.run(pool, tokens: $0..<$0 + 1) }
        #expect(alone.bits == results[0].bits)
    }
}
