import CKernels
import Kernels
import TestSupport
import Testing

@Suite("Matrix products")
struct MatmulTests {
    @Test("every output is its defined chain, for every set", arguments: everySet, PackedMatrix.Storage.chains)
    func definition(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 2)
        for (rows, columns) in [(1, 1), (16, 8), (50, 37), (70, 129)] {
            for tokens in Array(1...17) + [25] {
                let problem = Problem(rows: rows, columns: columns, tokens: tokens, storage: storage, pool: pool)
                #expect(problem.run(pool, kernels: kernels).bits == problem.defined().bits)
            }
        }
    }

    @Test("a product is close to one in double precision", arguments: PackedMatrix.Storage.floats)
    func accuracy(storage: PackedMatrix.Storage) {
        let problem = Problem(rows: 33, columns: 700, tokens: 3, storage: storage, pool: ThreadPool(threads: 1))
        let results = problem.run(ThreadPool(threads: 1))
        for token in 0..<3 {
            for row in 0..<33 {
                let (exact, magnitude) = problem.exact(row: row, token: token)
                // 700 roundings of relative size 2^-24, each on at most the sum of magnitudes.
                #expect(abs(Double(results[token * 33 + row]) - exact) <= 700 * 0x1p-24 * magnitude)
            }
        }
    }

    @Test("a token's bits do not depend on the tokens beside it", arguments: PackedMatrix.Storage.chains)
    func batchInvariance(storage: PackedMatrix.Storage) {
        let (rows, columns) = (83, 300)
        let pool = ThreadPool(threads: 2)
        let all = Problem(rows: rows, columns: columns, tokens: 257, storage: storage, pool: pool)
        let alone = (0..<257).flatMap { token in all.run(pool, tokens: token..<token + 1) }
        for tokens in Array(1...13) + [33, 97, 257] {
            #expect(all.run(pool, tokens: 0..<tokens).bits == Array(alone[..<(tokens * rows)]).bits)
        }
    }

    @Test(
        "any split into panels and any number of threads gives the same bits",
        arguments: [1, 2, 5, 20],
        [PackedMatrix.Storage.bfloat16, .bfloat16Pairs]
    )
    func splits(tokens: Int, storage: PackedMatrix.Storage) {
        let problem = Problem(
            rows: 16 * 21 - 5,
            columns: 140,
            tokens: tokens,
            storage: storage,
            pool: ThreadPool(threads: 1)
        )
        let whole = problem.run(ThreadPool(threads: 1))
        #expect(problem.run(ThreadPool(threads: 2)).bits == whole.bits)
        #expect(problem.run(ThreadPool(threads: 3)).bits == whole.bits)
        for part in [1, 3, 4, 5, 21] {
            #expect(problem.runInParts(of: part).bits == whole.bits)
        }
    }

    @Test(
        "sum trees add their leaves in the order of the tree",
        arguments: everySet,
        [PackedMatrix.Storage.float16, .bfloat16Pairs]
    )
    func trees(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let trees = [
            SumTree(leafEnds: [100], merges: [0]),
            SumTree(leafEnds: [1, 2, 3, 100], merges: [0, 1, 0, 2]),
            SumTree(leafEnds: [33, 34, 77, 90, 100], merges: [0, 1, 0, 1, 0]),
            SumTree(leafEnds: [7, 40, 41, 100], merges: [0, 0, 0, 0]),
            SumTree(leafEnds: [5, 9, 20, 44, 45, 70, 71, 100], merges: [0, 1, 0, 2, 0, 1, 0, 2]),
        ]
        let pool = ThreadPool(threads: 2)
        for tree in trees {
            for tokens in [1, 2, 6, 15, 43] {
                let problem = Problem(rows: 37, columns: 100, tokens: tokens, storage: storage, pool: pool, tree: tree)
                #expect(problem.run(pool, kernels: kernels).bits == problem.defined().bits)
            }
        }
    }

    @Test("a long leaf crosses cache blocks without a seam", arguments: everySet, PackedMatrix.Storage.chains)
    func longLeaves(kernels: KernelSet, storage: PackedMatrix.Storage) {
        let tree = SumTree(leafEnds: [255, 256, 257, 900], merges: [0, 1, 0, 2])
        // 41 tokens are so many tiles in every set that weights are widened once for all; 85 rows end inside a pass.
        for (rows, tokens) in [(16, 14), (85, 41)] {
            let problem = Problem(
                rows: rows,
                columns: 900,
                tokens: tokens,
                storage: storage,
                pool: ThreadPool(threads: 1),
                tree: tree
            )
            #expect(problem.run(ThreadPool(threads: 1), kernels: kernels).bits == problem.defined().bits)
        }
    }
}
