import Kernels
import TestSupport
import Testing

@Suite("Products of bfloat16 by bfloat16")
struct PairsTests {
    private typealias Kinds = (weights: (inout SeededRandom) -> Float, x: (inout SeededRandom) -> Float)

    @Test("are their definition for every number there is: denormal ones, infinities, the largest", arguments: everySet)
    func everyNumber(kernels: KernelSet) {
        let kinds: [Kinds] = [
            (Self.anyBits, Self.anyBits),
            ({ Self.near(exponents: 40...75, &$0) }, { Self.near(exponents: 40...75, &$0) }),
            ({ Self.near(exponents: 0...4, &$0) }, { Self.near(exponents: 118...130, &$0) }),
            ({ Self.near(exponents: 118...130, &$0) }, { Self.near(exponents: 0...4, &$0) }),
        ]
        for (seed, kind) in kinds.enumerated() {
            var random = SeededRandom(seed: UInt64(seed))
            let (rows, columns, tokens) = (64, 7, 13)
            let weights = (0..<rows * columns).map { _ in kind.weights(&random) }
            let x = (0..<tokens * columns).map { _ in kind.x(&random) }
            for tree in [SumTree.single(columns: columns), SumTree(leafEnds: [3, 4, 7], merges: [0, 0, 0])] {
                check(StoredWeights(weights, .bfloat16Pairs), x, rows: rows, tree: tree, kernels: kernels)
            }
        }
    }

    @Test("give NaN where an infinity meets a zero, and nowhere else", arguments: everySet, [1, 2, 9])
    func infinities(kernels: KernelSet, tokens: Int) {
        // Column 3 is infinite in the weights and 0 in the tokens; it is the last of one leaf, beside column 2 or 4.
        let (rows, columns) = (20, 6)
        let weights = (0..<rows * columns).map { $0 % columns == 3 ? Float.infinity : 1 }
        let x = (0..<tokens * columns).map { Float($0 % columns == 3 ? 0 : 1) }
        for (ends, expected) in [
            ([3, 4, 6], [Float(3), .nan, 2]), ([2, 4, 6], [2, .nan, 2]), ([3, 6], [3, .nan]),
        ] {
            let tree = SumTree(leafEnds: ends, merges: ends.map { _ in 0 })
            let y = check(StoredWeights(weights, .bfloat16Pairs), x, rows: rows, tree: tree, kernels: kernels)
            for (partial, value) in expected.enumerated() {
                let bits = value.isNaN ? 0x7fc0_0000 : value.bitPattern
                #expect(y[partial * tokens * rows..<(partial + 1) * tokens * rows].allSatisfy { $0.bitPattern == bits })
            }
        }
    }

    @Test("do not depend on where a shard begins", arguments: everySet, [1, 3, 14])
    func shards(kernels: KernelSet, tokens: Int) {
        // Tiny terms of both signs make zeros of both signs on the way.
        let (rows, columns) = (33, 80)
        let ends = [7, 20, 33, 34, 61, 80]
        var random = SeededRandom(seed: 5)
        let weights = (0..<rows * columns).map { _ in Self.near(exponents: 60...66, &random) }
        let x = (0..<tokens * columns).map { _ in Self.near(exponents: 58...66, &random) }
        let tree = SumTree(leafEnds: ends, merges: ends.map { _ in 0 })
        let whole = check(StoredWeights(weights, .bfloat16Pairs), x, rows: rows, tree: tree, kernels: kernels)
        for (leaf, range) in zip([0] + ends, ends).map({ $0..<$1 }).enumerated() {
            func part(_ numbers: [Float]) -> [Float] {
                stride(from: 0, to: numbers.count, by: columns).flatMap { row in
                    numbers[(row + range.lowerBound)..<(row + range.upperBound)]
                }
            }
            let alone = SumTree.single(columns: range.count)
            let y = check(
                StoredWeights(part(weights), .bfloat16Pairs),
                part(x),
                rows: rows,
                tree: alone,
                kernels: kernels
            )
            #expect(y.bits == Array(whole[leaf * tokens * rows..<(leaf + 1) * tokens * rows]).bits)
        }
    }

    @Test("weights of every type are rounded to nearest, ties to even", arguments: everySet, [1, 31, 32, 33, 95])
    func packing(kernels: KernelSet, columns: Int) {
        let pool = ThreadPool(threads: 2)
        for storage in PackedMatrix.Storage.floats {
            for rows in [5, 16, 39] {
                var random = SeededRandom(seed: UInt64(columns + rows))
                // Every fourth number lies half-way between two of bfloat16.
                let numbers = random.floats(rows * columns).enumerated().map { index, number in
                    index % 4 == 0 ? Float(bitPattern: number.bitPattern & 0xffff_0000 | 0x8000) : number
                }
                let source = StoredWeights(numbers, storage)
                let matrix = PackedMatrix(rows: rows, columns: columns, storage: .bfloat16Pairs)
                let size = source.bytes.count / numbers.count
                ([0] + source.bytes).withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress, let type = storage.elementType else { return }
                    let stride = columns * size
                    matrix.pack(
                        base + 1,
                        of: type,
                        rowStrideBytes: stride,
                        rows: 0..<rows,
                        pool: pool,
                        kernels: kernels
                    )
                }
                var out = [Float](repeating: .nan, count: columns)
                for row in 0..<rows {
                    matrix.row(row, into: &out)
                    #expect(out.bits == source.values[row * columns..<(row + 1) * columns].map(nearestBfloat16).bits)
                }
            }
        }
    }

    @Test("two bytes a weight, and a pair for an odd last column")
    func byteCount() {
        #expect(PackedMatrix.byteCount(rows: 33, columns: 100, storage: .bfloat16Pairs) == 3 * 16 * 100 * 2)
        #expect(PackedMatrix.byteCount(rows: 16, columns: 7, storage: .bfloat16Pairs) == 16 * 8 * 2)
    }

    @Test("stand beside other storages in one product")
    func neighbours() {
        let pool = ThreadPool(threads: 2)
        let problems = [PackedMatrix.Storage.bfloat16, .bfloat16Pairs, .bfloat16Pairs, .float32].map {
            Problem(rows: 21, columns: 37, tokens: 3, storage: $0, pool: pool)
        }
        var (x, y) = (problems[0].x, [Float](repeating: .nan, count: 3 * 84))
        x.withRows(3, width: 37) { x in
            y.withRows(3, width: 84) { y in Matmul.run(pool, problems.map(\.matrix), x, into: y) }
        }
        for (index, problem) in problems.enumerated() {
            let first = 21 * index
            let part = [0, 84, 168].flatMap { token in y[(token + first)..<(token + first + 21)] }
            #expect(part.bits == problem.defined().bits)
        }
    }

    // MARK: Problems

    private static func anyBits(_ random: inout SeededRandom) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
    }

    /// A number of either sign with a biased exponent of the range; 0 is that of denormal numbers.
    private static func near(exponents: ClosedRange<UInt32>, _ random: inout SeededRandom) -> Float {
        let bits = UInt32(truncatingIfNeeded: random.next())
        return Float(bitPattern: bits & 0x807f_ffff | UInt32.random(in: exponents, using: &random) << 23)
    }

    /// Multiplies, compares with the definition, and returns `[partials, tokens, rows]`.
    @discardableResult
    private func check(_ weights: StoredWeights, _ x: [Float], rows: Int, tree: SumTree, kernels: KernelSet) -> [Float]
    {
        let (columns, pool) = (tree.columns, ThreadPool(threads: 1))
        let tokens = x.count / columns
        let matrix = packed(weights, rows: rows, columns: columns, pool: pool)
        var (input, output) = (x, [Float](repeating: .nan, count: tree.partials * tokens * rows))
        input.withRows(tokens, width: columns) { x in
            output.withRows(tokens, width: rows) { y in
                Matmul.run(pool, matrix, x, tree: tree, into: y, partialStride: tokens * rows, kernels: kernels)
            }
        }
        for index in 0..<tokens * rows {
            let (token, row) = index.quotientAndRemainder(dividingBy: rows)
            let w = weights.values[row * columns..<(row + 1) * columns]
            let sums = definedPairsProduct(w, x[token * columns..<(token + 1) * columns], tree)
            let found = (0..<tree.partials).map { output[$0 * tokens * rows + index] }
            #expect(found.bits == sums.bits)
        }
        return output
    }
}
