import Kernels
import TestSupport
import Testing

@Suite("Packed matrices")
struct PackedMatrixTests {
    @Test("a row comes back exactly as it was stored", arguments: PackedMatrix.Storage.floats, [1, 7, 8, 9, 33])
    func roundTrip(storage: PackedMatrix.Storage, columns: Int) {
        let pool = ThreadPool(threads: 2)
        for rows in [1, 15, 16, 17, 35] {
            var random = SeededRandom(seed: UInt64(rows * 100 + columns))
            let weights = StoredWeights(random.floats(rows * columns), storage)
            let matrix = packed(weights, rows: rows, columns: columns, pool: pool)
            for row in 0..<rows {
                #expect(unpacked(matrix, row) == Array(weights.values[row * columns..<(row + 1) * columns]))
            }
        }
    }

    @Test("several tensors and slices of columns become one matrix", arguments: PackedMatrix.Storage.floats)
    func fused(storage: PackedMatrix.Storage) {
        let pool = ThreadPool(threads: 1)
        let (columns, sourceColumns, firstColumn) = (19, 31, 5)
        var random = SeededRandom(seed: 4)
        let parts = [21, 3, 40].map { rows in (rows, StoredWeights(random.floats(rows * sourceColumns), storage)) }
        let matrix = PackedMatrix(rows: 64, columns: columns, storage: storage)
        var first = 0
        for (rows, weights) in parts {
            let size = weights.bytes.count / weights.values.count
            weights.bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                matrix.pack(
                    base + firstColumn * size,
                    rowStrideBytes: sourceColumns * size,
                    rows: first..<first + rows,
                    pool: pool
                )
            }
            first += rows
        }
        first = 0
        for (rows, weights) in parts {
            for row in 0..<rows {
                let start = row * sourceColumns + firstColumn
                #expect(unpacked(matrix, first + row) == Array(weights.values[start..<start + columns]))
            }
            first += rows
        }
    }

    @Test("the announced size is the allocated size")
    func byteCount() {
        let matrix = PackedMatrix(rows: 33, columns: 100, storage: .bfloat16)
        #expect(matrix.byteCount == 3 * 16 * 100 * 2)
        #expect(PackedMatrix.byteCount(rows: 33, columns: 100, storage: .bfloat16) == matrix.byteCount)
    }

    private func unpacked(_ matrix: PackedMatrix, _ row: Int) -> [Float] {
        var out = [Float](repeating: .nan, count: matrix.columns)
        matrix.row(row, into: &out)
        return out
    }
}

/// Packs rows from a source that begins at an odd address.
func packed(_ weights: StoredWeights, rows: Int, columns: Int, pool: ThreadPool) -> PackedMatrix {
    let matrix = PackedMatrix(rows: rows, columns: columns, storage: weights.storage)
    let misaligned = [0] + weights.bytes
    misaligned.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        matrix.pack(base + 1, rowStrideBytes: weights.bytes.count / rows, rows: 0..<rows, pool: pool)
    }
    return matrix
}
