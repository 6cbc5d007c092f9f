import Kernels
import TestSupport

/// One product with random or given numbers.
struct QuantisedProduct {
    let rows: Int
    let columns: Int
    let tokens: Int
    let tree: SumTree
    let x: [Float]
    let made: QuantisedMatrix

    init(
        _ rows: Int,
        _ columns: Int,
        _ storage: PackedMatrix.Storage,
        blockColumns: Int? = nil,
        tree: SumTree? = nil,
        weights: ((Int) -> Float)? = nil,
        x: ((Int) -> Float)? = nil,
        tokens: Int,
        _ pool: ThreadPool
    ) {
        var random = SeededRandom(seed: UInt64(rows + 1000 * columns))
        self.rows = rows
        self.columns = columns
        self.tokens = tokens
        self.tree = tree ?? .single(columns: columns)
        let (w, activations) = (random.floats(rows * columns), random.floats(tokens * columns))
        self.x = x.map { number in (0..<tokens * columns).map(number) } ?? activations
        made = QuantisedMatrix(
            weights.map { number in (0..<rows * columns).map(number) } ?? w,
            rows: rows,
            columns: columns,
            storage: storage,
            blockColumns: blockColumns,
            pool: pool
        )
    }

    /// `[partials, tokens, rows]`; the strides of x and y are wider than their rows.
    func run(_ pool: ThreadPool, tokens range: Range<Int>? = nil, kernels: KernelSet = .active) -> [Float] {
        let range = range ?? 0..<tokens
        let some = x[range.lowerBound * columns..<range.upperBound * columns]
        return made.matrix.product(with: some, tokens: range.count, tree: tree, pool, kernels: kernels)
    }

    /// What ``run(_:tokens:kernels:)`` must give, by the definition.
    func defined(tokens range: Range<Int>? = nil) -> [Float] {
        let range = range ?? 0..<tokens
        var out = [Float](repeating: .nan, count: tree.partials * range.count * rows)
        for (index, token) in range.enumerated() {
            let token = Array(x[token * columns..<(token + 1) * columns])
            for row in 0..<rows {
                for (partial, sum) in made.bytes.product(row: row, token, tree).enumerated() {
                    out[(partial * range.count + index) * rows + row] = sum
                }
            }
        }
        return out
    }
}
