import Kernels
import TestSupport
import Testing

/// Products that compute what they multiply, and what becomes of their own results, against each step by itself.
@Suite("Rows that a product computes as it takes them")
struct RowSourceTests {
    private static let storages: [PackedMatrix.Storage] = [.float32, .bfloat16, .bfloat16Pairs, .q8, .q4]

    private func matrix(
        _ rows: Int,
        _ columns: Int,
        _ storage: PackedMatrix.Storage,
        seed: UInt64,
        _ pool: ThreadPool
    ) -> PackedMatrix {
        var random = SeededRandom(seed: seed)
        let weights = random.floats(rows * columns)
        guard storage.isQuantised else {
            return packed(StoredWeights(weights, storage), rows: rows, columns: columns, pool: pool)
        }
        return QuantisedMatrix(weights, rows: rows, columns: columns, storage: storage, pool: pool).matrix
    }

    @Test(
        "a norm and a gated activation in a product are those before it, whatever the kernels",
        arguments: storages,
        [1, 2, 7, 50]
    )
    func sources(storage: PackedMatrix.Storage, tokens: Int) {
        let (rows, columns) = (37, 4500)
        let pool = ThreadPool(threads: 3)
        let w = matrix(rows, columns, storage, seed: 11, pool)
        var random = SeededRandom(seed: 12)
        let weight = random.floats(columns)
        var input = random.floats(tokens * 2 * columns)
        for kernels in everySet {
            input.withRows(tokens, width: 2 * columns) { both in
                let (x, up) = (both.columns(0..<columns), both.columns(columns..<2 * columns))
                let sources: [(RowSource, (Rows) -> Void)] = [
                    (
                        .rmsNorm(of: x, weight: weight, epsilon: 1e-6),
                        { RMSNorm.run(pool, x, weight: weight, epsilon: 1e-6, into: $0, kernels: kernels) }
                    ),
                    (.swiGLU(gate: x, up: up), { SwiGLU.run(pool, gate: x, up: up, into: $0, kernels: kernels) }),
                ]
                for (source, alone) in sources {
                    let (taken, products) = outputs(tokens, columns, rows) { x, y in
                        Matmul.run(pool, w, x, from: source, into: y, kernels: kernels)
                    }
                    let (expected, expectedProducts) = outputs(tokens, columns, rows) { x, y in
                        alone(x)
                        Matmul.run(pool, w, x, into: y, kernels: kernels)
                    }
                    #expect(taken.bits == expected.bits)
                    #expect(products.bits == expectedProducts.bits)
                }
            }
        }
    }

    @Test("several matrices that take a row in different forms have it computed once, in place")
    func lists() {
        let (tokens, columns) = (9, 100)
        let pool = ThreadPool(threads: 2)
        let parts = Self.storages.enumerated().map { matrix(20, columns, $1, seed: UInt64($0), pool) }
        var random = SeededRandom(seed: 5)
        let given = random.floats(tokens * columns)
        func products(_ body: (Rows, Rows) -> Void) -> [Float] {
            var x = given
            var y = [Float](repeating: .nan, count: tokens * 20 * parts.count)
            x.withRows(tokens, width: columns) { x in y.withRows(tokens, width: 20 * parts.count) { body(x, $0) } }
            return y
        }
        // Computed twice, in place, it would be another row.
        let once = products { x, y in Matmul.run(pool, parts, x, from: .swiGLU(gate: x, up: x), into: y) }
        let expected = products { x, y in
            SwiGLU.run(pool, gate: x, up: x, into: x)
            Matmul.run(pool, parts, x, into: y)
        }
        #expect(once.bits == expected.bits)
    }

    /// What multiplies the activations: of 32 columns, or of all, a block.
    private func next(
        _ columns: Int,
        _ storage: PackedMatrix.Storage,
        blockColumns: Int?,
        _ pool: ThreadPool
    ) -> PackedMatrix {
        var random = SeededRandom(seed: 4)
        let weights = random.floats(21 * columns)
        return QuantisedMatrix(
            weights,
            rows: 21,
            columns: columns,
            storage: storage,
            blockColumns: blockColumns,
            pool: pool
        ).matrix
    }

    @Test(
        "gated products piece by piece are two products, the activation and a product behind one another",
        arguments: [PackedMatrix.Storage.q8, .q4],
        [(9, 1), (17, 2), (40, 1), (100, 3), (265, 1), (300, 2)]
    )
    func gated(storage: PackedMatrix.Storage, size: (tokens: Int, threads: Int)) throws {
        // Panels that are neither a whole number of groups nor of pieces, the last of which is not full.
        let (rows, columns, tokens) = (16 * 19 + 5, 96, size.tokens)
        let pool = ThreadPool(threads: size.threads)
        let parts = [matrix(rows, columns, storage, seed: 1, pool), matrix(rows, columns, storage, seed: 2, pool)]
        var random = SeededRandom(seed: 3)
        var x = random.floats(tokens * columns)
        for (down, blockColumns) in [(PackedMatrix.Storage.q8, 64), (.q4, 64), (.q8, nil)] {
            let down = next(rows, down, blockColumns: blockColumns, pool)
            let tree = SumTree.single(columns: rows)
            for kernels in everySet {
                let product = try #require(
                    GatedMatmul(parts, tokens: tokens, on: pool, piecesPerThread: 0, kernels: kernels)
                )
                let memory = ScratchMemory(byteCount: 4 * QuantisedRows.floats(tokens, for: down))
                let activated = try #require(QuantisedRows(memory.floats, count: tokens, for: down))
                x.withRows(tokens, width: columns) { x in
                    let (_, pieces) = outputs(tokens, rows, 21) { rows, y in
                        product.run(pool, x, into: activated)
                        Matmul.run(pool, down, rows, from: .quantised(activated), tree: tree, into: y, kernels: kernels)
                    }
                    let (both, expected) = outputs(tokens, 2 * rows, 21) { both, y in
                        Matmul.run(pool, parts, x, into: both, kernels: kernels)
                        let (gate, up) = (both.columns(0..<rows), both.columns(rows..<2 * rows))
                        SwiGLU.run(pool, gate: gate, up: up, into: gate, kernels: kernels)
                        Matmul.run(pool, down, gate, tree: tree, into: y, kernels: kernels)
                    }
                    #expect(both.allSatisfy { $0.isFinite })
                    #expect(pieces.bits == expected.bits)
                    #expect(expected.contains { $0 != 0 })
                }
            }
        }
    }

    @Test("few tokens or pieces, errands, other formats and matrices of two sizes are not for gated products")
    func refused() {
        let pool = ThreadPool(threads: 1)
        func takes(_ first: PackedMatrix, _ second: PackedMatrix, _ tokens: Int) -> Bool {
            GatedMatmul([first, second], tokens: tokens, on: pool) != nil
        }
        let q8 = matrix(20, 64, .q8, seed: 1, pool)
        #expect(takes(q8, q8, 9))
        #expect(!takes(q8, q8, 8))
        #expect(!takes(q8, matrix(20, 64, .q4, seed: 1, pool), 9))
        #expect(!takes(q8, matrix(21, 64, .q8, seed: 1, pool), 9))
        let float = matrix(20, 64, .float32, seed: 1, pool)
        #expect(!takes(float, float, 9))
        #expect(GatedMatmul([q8], tokens: 9, on: pool) == nil)
        #expect(GatedMatmul([q8, q8], tokens: 9, on: ThreadPool(threads: 2)) == nil)
        pool.errand = {}
        #expect(!takes(q8, q8, 9))
    }

    @Test("activations are quantised piece by piece only for matrices whose blocks cut no group")
    func groups() {
        let pool = ThreadPool(threads: 1)
        let memory = ScratchMemory(byteCount: 1 << 16)
        func takes(_ w: PackedMatrix) -> Bool { QuantisedRows(memory.floats, count: 3, for: w) != nil }
        #expect(takes(next(70, .q8, blockColumns: 32, pool)))
        #expect(takes(next(70, .q4, blockColumns: nil, pool)))
        #expect(!takes(next(70, .q8, blockColumns: 35, pool)))
        #expect(!takes(matrix(20, 64, .bfloat16, seed: 1, pool)))
    }

    /// What `body` writes to rows of `inner` and of `outer` columns, whose strides are wider.
    private func outputs(
        _ tokens: Int,
        _ inner: Int,
        _ outer: Int,
        _ body: (Rows, Rows) -> Void
    ) -> (inner: [Float], outer: [Float]) {
        var first = [Float](repeating: 0, count: tokens * (inner + 3))
        var second = [Float](repeating: 0, count: tokens * (outer + 3))
        first.withRows(tokens, width: inner, stride: inner + 3) { inner in
            second.withRows(tokens, width: outer, stride: outer + 3) { body(inner, $0) }
        }
        return (first, second)
    }
}
