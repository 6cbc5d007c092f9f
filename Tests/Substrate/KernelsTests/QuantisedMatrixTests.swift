import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Quantised matrices")
struct QuantisedMatrixTests {
    private static let quantised: [PackedMatrix.Storage] = [.q8, .q4]
    private static let shapes = [
        (1, 1, 1), (15, 31, 31), (17, 33, 33), (33, 50, 24), (20, 96, 50), (16, 192, 96), (33, 200, 192),
    ]

    @Test("q8 is what the naive loop says, for every set and type", arguments: everySet)
    func q8(kernels: KernelSet) {
        let pool = ThreadPool(threads: 2)
        for (rows, columns, blockColumns) in Self.shapes {
            let weights = numbers(rows * columns)
            let made = QuantisedMatrix(
                weights,
                rows: rows,
                columns: columns,
                storage: .q8,
                blockColumns: blockColumns,
                pool: pool,
                kernels: kernels
            )
            forEachGroup(rows, columns, blockColumns) { row, block, group, piece in
                let expected = QuantisedReference.q8(piece.map { weights[row * columns + $0] })
                let found = made.bytes.group(row: row, block: block, group: group)
                #expect(found.scale == expected.scale)
                let padding = [Int32](repeating: 0, count: 32 - piece.count)
                #expect(found.values == expected.values + padding)
            }
        }
    }

    @Test("q4 never has a larger squared error than the scale by the maximum", arguments: everySet)
    func q4(kernels: KernelSet) {
        let pool = ThreadPool(threads: 2)
        var (sum, sumByMaximum) = (0.0, 0.0)
        for (rows, columns, blockColumns) in Self.shapes {
            let weights = numbers(rows * columns)
            let made = QuantisedMatrix(
                weights,
                rows: rows,
                columns: columns,
                storage: .q4,
                blockColumns: blockColumns,
                pool: pool,
                kernels: kernels
            )
            forEachGroup(rows, columns, blockColumns) { row, block, group, piece in
                let w = piece.map { weights[row * columns + $0] }
                let found = made.bytes.group(row: row, block: block, group: group)
                let expected = QuantisedReference.values(w, scale: found.scale, -8...7)
                #expect(Array(found.values[..<piece.count]) == expected)
                let error = QuantisedReference.squaredError(w, scale: found.scale)
                let usual = QuantisedReference.squaredError(w, scale: QuantisedReference.scaleByMaximum(w))
                // Errors are compared in float32 sums of 32 terms.
                #expect(error <= usual * (1 + 32 * 0x1p-23))
                (sum, sumByMaximum) = (sum + error, sumByMaximum + usual)
            }
        }
        #expect(sum < 0.9 * sumByMaximum)
    }

    @Test("every set packs the same bytes, whatever the numbers", arguments: quantised)
    func sets(storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 1)
        let odd: [Float] = [
            .nan, .infinity, -.infinity, Float(bitPattern: 700), 3e38, -3e38, 1e-8, 0, -0.0, 65504 * 127,
        ]
        for share in [0, 7, 300] {
            var weights = numbers(40 * 200)
            if share > 0 { for i in stride(from: 0, to: weights.count, by: share) { weights[i] = odd[i / share % 10] } }
            let all = everySet.map {
                QuantisedMatrix(
                    weights,
                    rows: 40,
                    columns: 200,
                    storage: storage,
                    blockColumns: 72,
                    pool: pool,
                    kernels: $0
                )
            }
            for made in all { #expect(made.bytes.bytes == all[0].bytes.bytes) }
        }
    }

    @Test("bfloat16, float16 and float32 sources of the same numbers become the same bytes", arguments: everySet)
    func sources(kernels: KernelSet) {
        let pool = ThreadPool(threads: 2)
        for storage in Self.quantised {
            for type in PackedMatrix.Storage.floats {
                let stored = StoredWeights(numbers(37 * 70), type)
                let wide = QuantisedMatrix(stored.values, rows: 37, columns: 70, storage: storage, pool: pool)
                let matrix = PackedMatrix(rows: 37, columns: 70, storage: storage)
                guard let element = type.elementType else { continue }
                let misaligned = [0] + stored.bytes
                misaligned.withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    let stride = 70 * element.byteCount
                    // In two calls that meet inside a panel.
                    for rows in [0..<21, 21..<37] {
                        let source = base + 1 + rows.lowerBound * stride
                        matrix.pack(
                            source,
                            of: element,
                            rowStrideBytes: stride,
                            rows: rows,
                            pool: pool,
                            kernels: kernels
                        )
                    }
                }
                let bytes = matrix.withUnsafeBytes { Array($0) }
                #expect(bytes == wide.bytes.bytes)
            }
        }
    }

    @Test("a row comes back as integers times scale", arguments: quantised)
    func row(storage: PackedMatrix.Storage) {
        let made = QuantisedMatrix(
            numbers(33 * 100),
            rows: 33,
            columns: 100,
            storage: storage,
            blockColumns: 50,
            pool: ThreadPool(threads: 1)
        )
        for row in 0..<33 {
            var out = [Float](repeating: .nan, count: 100)
            made.matrix.row(row, into: &out)
            for column in 0..<100 {
                let group = made.bytes.group(row: row, block: column / 50, group: column % 50 / 32)
                #expect(out[column] == Float(group.values[column % 50 % 32]) * group.scale)
            }
        }
    }

    @Test("whole blocks, and whole panels of one block, are contiguous bytes that can be used in place")
    func mapped() {
        let pool = ThreadPool(threads: 1)
        let weights = numbers(64 * 150)
        let whole = QuantisedMatrix(weights, rows: 64, columns: 150, storage: .q4, blockColumns: 50, pool: pool)
        let block = PackedMatrix.blockByteCount(rows: 64, columns: 50, storage: .q4)
        #expect(whole.matrix.byteCount == 3 * block)
        whole.matrix.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let part = PackedMatrix(
                rows: 64,
                columns: 100,
                storage: .q4,
                blockColumns: 50,
                mapped: base + block,
                owner: whole
            )
            var (all, own) = ([Float](repeating: 0, count: 150), [Float](repeating: 0, count: 100))
            for row in 0..<64 {
                whole.matrix.row(row, into: &all)
                part.row(row, into: &own)
                #expect(own == Array(all[50...]))
            }
        }
        let one = QuantisedMatrix(weights, rows: 64, columns: 150, storage: .q8, pool: pool)
        let panel = PackedMatrix.byteCount(rows: 16, columns: 150, storage: .q8)
        one.matrix.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let part = PackedMatrix(rows: 25, columns: 150, storage: .q8, mapped: base + panel, owner: one)
            var (all, own) = ([Float](repeating: 0, count: 150), [Float](repeating: 0, count: 150))
            one.matrix.row(16 + 24, into: &all)
            part.row(24, into: &own)
            #expect(own == all)
        }
    }

    @Test("8.5 and 4.5 bits a weight")
    func sizes() {
        #expect(PackedMatrix.byteCount(rows: 32, columns: 128, storage: .q8) * 8 == 32 * 128 * 17 / 2)
        #expect(PackedMatrix.byteCount(rows: 32, columns: 128, storage: .q4) * 8 == 32 * 128 * 9 / 2)
    }

    private func numbers(_ count: Int) -> [Float] {
        var random = SeededRandom(seed: UInt64(count))
        return random.floats(count)
    }

    private func forEachGroup(
        _ rows: Int,
        _ columns: Int,
        _ blockColumns: Int,
        _ body: (_ row: Int, _ block: Int, _ group: Int, _ columns: Range<Int>) -> Void
    ) {
        for row in 0..<rows {
            for (block, range) in QuantisedReference.pieces(0..<columns, of: blockColumns).enumerated() {
                for (group, piece) in QuantisedReference.pieces(range, of: 32).enumerated() {
                    body(row, block, group, piece)
                }
            }
        }
    }
}
