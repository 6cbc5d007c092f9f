import Kernels
import Tensors
import TestSupport
import Testing

/// Parts of quantised matrices, and the memory that matrices share.
@Suite("PackedMatrix: bytes, rows and arenas")
struct PackedMatrixBytesTests {
    private static func quantised(
        _ numbers: [Float],
        columns: Int,
        _ storage: PackedMatrix.Storage,
        block: Int? = nil,
        in arena: WeightArena? = nil
    ) -> PackedMatrix {
        let rows = numbers.count / columns
        let matrix =
            arena.map {
                PackedMatrix(rows: rows, columns: columns, storage: storage, blockColumns: block, in: $0)
            } ?? PackedMatrix(rows: rows, columns: columns, storage: storage, blockColumns: block)
        numbers.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let pool = ThreadPool(threads: 2)
            matrix.pack(base, of: .float32, rowStrideBytes: 4 * columns, rows: 0..<rows, pool: pool)
        }
        return matrix
    }

    private static func bytes(_ matrix: PackedMatrix) -> [UInt8] { matrix.withBytes { [UInt8]($0) } }

    @Test(
        "rows that are taken over are the bytes that quantising them alone gives",
        arguments: [PackedMatrix.Storage.q8, .q4]
    )
    func copyRows(storage: PackedMatrix.Storage) {
        var random = SeededRandom(seed: 11)
        for (rows, columns, block) in [(61, 100, 40), (33, 88, 88), (16, 20, 20)] {
            let numbers = random.floats(rows * columns)
            let whole = Self.quantised(numbers, columns: columns, storage, block: block)
            for part in [0..<rows, 1..<rows, 5..<min(22, rows), 15..<16, rows - 1..<rows] {
                let alone = Self.quantised(
                    Array(numbers[part.lowerBound * columns..<part.upperBound * columns]),
                    columns: columns,
                    storage,
                    block: block
                )
                let copy = PackedMatrix(rows: part.count, columns: columns, storage: storage, blockColumns: block)
                copy.copyRows(part, of: whole)
                #expect(Self.bytes(copy) == Self.bytes(alone), "rows \(part) of [\(rows), \(columns)]")
            }
        }
    }

    @Test("matrices in an arena do not touch one another", arguments: PackedMatrix.Storage.allCases)
    func arena(storage: PackedMatrix.Storage) {
        guard storage.isQuantised || storage == .float32 || storage == .bfloat16Pairs else { return }
        var random = SeededRandom(seed: 12)
        let shapes = [(17, 33), (1, 1), (40, 64)]
        let numbers = shapes.map { random.floats($0.0 * $0.1) }
        let bytes = shapes.map { PackedMatrix.byteCount(rows: $0.0, columns: $0.1, storage: storage) }
        let arena = WeightArena(byteCount: bytes.reduce(0, +))
        let shared = zip(numbers, shapes).map { Self.quantised($0, columns: $1.1, storage, in: arena) }
        for ((matrix, numbers), shape) in zip(zip(shared, numbers), shapes) {
            #expect(Self.bytes(matrix) == Self.bytes(Self.quantised(numbers, columns: shape.1, storage)))
            #expect(matrix.withBytes { $0.baseAddress.map { Int(bitPattern: $0) % 64 } } == 0)
        }
    }
}
