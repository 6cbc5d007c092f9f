import Kernels
import TestSupport

/// A product with random weights and tokens, computed by the kernels, by its definition and in double precision.
struct Problem {
    let rows: Int
    let columns: Int
    let tokens: Int
    let tree: SumTree
    let weights: StoredWeights
    let x: [Float]
    let matrix: PackedMatrix

    init(
        rows: Int,
        columns: Int,
        tokens: Int,
        storage: PackedMatrix.Storage,
        pool: ThreadPool,
        tree: SumTree? = nil
    ) {
        var random = SeededRandom(seed: UInt64(rows + 1000 * columns + tokens))
        self.rows = rows
        self.columns = columns
        self.tokens = tokens
        self.tree = tree ?? .single(columns: columns)
        weights = StoredWeights(random.floats(rows * columns), storage)
        x = random.floats(tokens * columns)
        matrix = packed(weights, rows: rows, columns: columns, pool: pool)
    }

    /// `[partials, tokens, rows]`; the strides of x and y are wider than their rows.
    func run(_ pool: ThreadPool, tokens range: Range<Int>? = nil, kernels: KernelSet = .active) -> [Float] {
        let range = range ?? 0..<tokens
        let some = x[range.lowerBound * columns..<range.upperBound * columns]
        return matrix.product(with: some, tokens: range.count, tree: tree, pool, kernels: kernels)
    }

    /// The same from matrices of `panels` panels each, as ranks hold them.
    func runInParts(of panels: Int) -> [Float] {
        let pool = ThreadPool(threads: 1)
        let size = weights.bytes.count / weights.values.count
        var output = [Float](repeating: .nan, count: tokens * rows)
        var input = x
        for first in stride(from: 0, to: rows, by: panels * 16) {
            let range = first..<min(rows, first + panels * 16)
            let part = PackedMatrix(rows: range.count, columns: columns, storage: weights.storage)
            weights.bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                let source = base + first * columns * size
                part.pack(source, rowStrideBytes: columns * size, rows: 0..<range.count, pool: pool)
            }
            input.withRows(tokens, width: columns) { x in
                output.withRows(tokens, width: rows) { y in Matmul.run(pool, part, x, into: y.columns(range)) }
            }
        }
        return output
    }

    /// What ``run(_:tokens:kernels:)`` must give, by the definition.
    func defined() -> [Float] {
        var out = [Float](repeating: .nan, count: tree.partials * tokens * rows)
        for token in 0..<tokens {
            for row in 0..<rows {
                let w = weights.values[row * columns..<(row + 1) * columns]
                let product = weights.storage == .bfloat16Pairs ? definedPairsProduct : definedProduct
                let sums = product(w, x[token * columns..<(token + 1) * columns], tree)
                for (partial, sum) in sums.enumerated() { out[(partial * tokens + token) * rows + row] = sum }
            }
        }
        return out
    }

    /// One output in double precision, and the sum of the magnitudes of its terms.
    func exact(row: Int, token: Int) -> (value: Double, magnitude: Double) {
        var (sum, magnitude) = (0.0, 0.0)
        for k in 0..<columns {
            let term = Double(weights.values[row * columns + k]) * Double(x[token * columns + k])
            sum += term
            magnitude += abs(term)
        }
        return (sum, magnitude)
    }
}

extension PackedMatrix {
    /// `[partials, tokens, rows]` of `x`, `[tokens, columns]`; the strides of what kernels read and write are wider than rows.
    func product(
        with x: some Collection<Float>,
        tokens: Int,
        tree: SumTree,
        _ pool: ThreadPool,
        kernels: KernelSet
    ) -> [Float] {
        let (x, rows, columns) = (Array(x), rows, columns)
        let (xStride, yStride) = (columns + 3, rows + 5)
        var input = [Float](repeating: .nan, count: tokens * xStride)
        for token in 0..<tokens {
            for k in 0..<columns { input[token * xStride + k] = x[token * columns + k] }
        }
        let partialStride = tokens * yStride
        var output = [Float](repeating: .nan, count: tree.partials * partialStride)
        input.withRows(tokens, width: columns, stride: xStride) { x in
            output.withRows(tokens, width: rows, stride: yStride) { y in
                Matmul.run(pool, self, x, tree: tree, into: y, partialStride: partialStride, kernels: kernels)
            }
        }
        return (0..<tree.partials * tokens).flatMap { output[$0 * yStride..<$0 * yStride + rows] }
    }
}
