import Kernels
import Tensors
import TestSupport
import Testing

/// Scales of four bits that are chosen by what columns count, against naive loops.
@Suite("Weighted scales")
struct WeightedScalesTests {
    /// Divisors of the value of largest magnitude that are tried, as `ck_quant.h` and its tables name them.
    private static let factors: [Float] = [
        -1 / 8, -1 / 8.5, -1 / 8.25, -1 / 7.75, -1 / 7.5, -1 / 7.25, -1 / 7, -1 / 6.5, 1 / 7.75, 1 / 7.5, 1 / 7.25,
        1 / 7, 1 / 6.75, 1 / 6.5, 1 / 6, 1 / 5.5,
    ]

    private static func pack(
        _ weights: [Float],
        _ shape: (rows: Int, columns: Int, block: Int),
        _ importance: [Float]?,
        kernels: KernelSet = .active,
        storage: PackedMatrix.Storage = .q4,
        threads: Int = 2
    ) -> QuantisedBytes {
        let matrix = PackedMatrix(rows: shape.rows, columns: shape.columns, storage: storage, blockColumns: shape.block)
        weights.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            matrix.pack(
                base,
                of: .float32,
                rowStrideBytes: 4 * shape.columns,
                rows: 0..<shape.rows,
                importance: importance,
                pool: ThreadPool(threads: threads),
                kernels: kernels
            )
        }
        return QuantisedBytes(
            storage: storage,
            rows: shape.rows,
            columns: shape.columns,
            blockColumns: matrix.blockColumns,
            bytes: matrix.withUnsafeBytes { Array($0) }
        )
    }

    private static func error(_ w: [Float], _ importance: [Float], scale: Float) -> Double {
        zip(zip(w, importance), QuantisedReference.values(w, scale: scale, -8...7)).reduce(0) { sum, one in
            let rest = Double(one.0.0) - Double(scale) * Double(one.1)
            return sum + Double(one.0.1) * rest * rest
        }
    }

    /// The best scale for the integers that `scale` gives.
    private static func refined(_ w: [Float], _ importance: [Float], _ scale: Float) -> Float {
        var (product, square) = (Float(0), Float(0))
        for ((w, weight), value) in zip(zip(w, importance), QuantisedReference.values(w, scale: scale, -8...7)) {
            product += weight * (w * Float(value))
            square += weight * (Float(value) * Float(value))
        }
        return square == 0 ? 0 : QuantisedReference.half(product / square)
    }

    /// Numbers of which a few are large, as weights and squares of activations are.
    private static func uneven(_ count: Int, seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return random.floats(count).map { $0 * $0 * $0 * Float(1 << (random.next() % 5)) }
    }

    @Test("none of the scales that are tried is better, the one of even weights among them, in any group")
    func best() {
        var (sum, sumEven) = (0.0, 0.0)
        for shape in [(1, 1, 1), (17, 33, 33), (33, 50, 24), (20, 96, 50), (16, 192, 96), (33, 200, 192)] {
            let (rows, columns, block) = shape
            let weights = Self.uneven(rows * columns, seed: UInt64(rows))
            let importance = Self.uneven(columns, seed: 9).map { $0 * $0 }
            let found = Self.pack(weights, shape, importance)
            let even = Self.pack(weights, shape, nil)
            for row in 0..<rows {
                for (number, range) in QuantisedReference.pieces(0..<columns, of: block).enumerated() {
                    for (group, piece) in QuantisedReference.pieces(range, of: 32).enumerated() {
                        let w = piece.map { weights[row * columns + $0] }
                        let counts = Array(importance[piece])
                        let made = found.group(row: row, block: number, group: group)
                        #expect(
                            Array(made.values[..<w.count])
                                == QuantisedReference.values(w, scale: made.scale, -8...7)
                        )
                        let evenScale = even.group(row: row, block: number, group: group).scale
                        let largest = w.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
                        let tried = Self.factors.map { QuantisedReference.half(largest * $0) } + [evenScale]
                        let candidates = [evenScale] + tried.map { Self.refined(w, counts, $0) }
                        let error = Self.error(w, counts, scale: made.scale)
                        let least = candidates.map { Self.error(w, counts, scale: $0) }.min() ?? 0
                        // Errors are compared in float32 sums of 32 terms, of which each was rounded three times.
                        #expect(error <= least * (1 + 128 * 0x1p-23))
                        let evenError = Self.error(w, counts, scale: evenScale)
                        #expect(error <= evenError * (1 + 128 * 0x1p-23))
                        (sum, sumEven) = (sum + error, sumEven + evenError)
                    }
                }
            }
        }
        #expect(sum < 0.9 * sumEven)
    }

    @Test("every set and any threads choose the same bytes, whatever the numbers")
    func sets() {
        let shape = (rows: 40, columns: 200, block: 72)
        var weights = Self.uneven(shape.rows * shape.columns, seed: 3)
        let odd: [Float] = [.nan, .infinity, -.infinity, Float(bitPattern: 700), 3e38, -3e38, 1e-8, 0, -0.0]
        for i in stride(from: 0, to: weights.count, by: 61) { weights[i] = odd[i / 61 % odd.count] }
        let importance = Self.uneven(shape.columns, seed: 4).map { $0 * $0 }
        let first = Self.pack(weights, shape, importance, threads: 1)
        for kernels in everySet {
            #expect(Self.pack(weights, shape, importance, kernels: kernels, threads: 3).bytes == first.bytes)
        }
        // A group that is no numbers keeps its mark.
        #expect(first.group(row: 0, block: 0, group: 0).scale.isNaN)
    }

    @Test("where no column counts, and in eight bits, nothing changes")
    func nothing() {
        let shape = (rows: 18, columns: 100, block: 64)
        let weights = Self.uneven(shape.rows * shape.columns, seed: 5)
        let none = [Float](repeating: 0, count: shape.columns)
        #expect(Self.pack(weights, shape, none).bytes == Self.pack(weights, shape, nil).bytes)
        let some = Self.uneven(shape.columns, seed: 6).map { $0 * $0 }
        let eight = Self.pack(weights, shape, some, storage: .q8).bytes
        #expect(eight == Self.pack(weights, shape, nil, storage: .q8).bytes)
        #expect(Self.pack(weights, shape, some).bytes != Self.pack(weights, shape, nil).bytes)
    }
}
