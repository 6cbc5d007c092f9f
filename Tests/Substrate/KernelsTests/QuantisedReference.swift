import Kernels
import Tensors
import TestSupport

/// What quantised matrices and products must be, in naive loops.
enum QuantisedReference {
    /// One group of activations: integers and their scale.
    static func tokens(_ x: [Float]) -> (values: [Int32], scale: Float) {
        guard x.allSatisfy(\.isFinite) else { return (x.map { _ in 0 }, .nan) }
        let largest = x.map(abs).max() ?? 0
        guard largest >= 0x1p-100 else { return (x.map { _ in 0 }, 0) }
        let inverse = 127 / largest
        return (x.map { Int32(($0 * inverse).rounded(.toNearestOrEven)) }, largest / 127)
    }

    /// The integers that a scale gives.
    static func values(_ w: [Float], scale: Float, _ range: ClosedRange<Float>) -> [Int32] {
        let inverse = scale == 0 ? 0 : 1 / scale
        return w.map { Int32(min(max($0 * inverse, range.lowerBound), range.upperBound).rounded(.toNearestOrEven)) }
    }

    static func half(_ value: Float) -> Float { halfValue(halfBits(min(max(value, -65504), 65504))) }

    /// One group of weights in eight bits.
    static func q8(_ w: [Float]) -> (values: [Int32], scale: Float) {
        guard w.allSatisfy(\.isFinite) else { return (w.map { _ in 0 }, .nan) }
        let scale = half((w.map(abs).max() ?? 0) / 127)
        return (values(w, scale: scale, -127...127), scale)
    }

    /// The squared error of four bits with this scale.
    static func squaredError(_ w: [Float], scale: Float) -> Double {
        zip(w, values(w, scale: scale, -8...7)).reduce(0) { sum, pair in
            let rest = Double(pair.0) - Double(scale) * Double(pair.1)
            return sum + rest * rest
        }
    }

    /// The usual choice: the value of largest magnitude, the first of several, becomes -8.
    static func scaleByMaximum(_ w: [Float]) -> Float {
        half(w.reduce(0) { abs($1) > abs($0) ? $1 : $0 } / -8)
    }

    /// `0..<count` in pieces of `size`, the last of which may be shorter.
    static func pieces(_ range: Range<Int>, of size: Int) -> [Range<Int>] {
        stride(from: range.lowerBound, to: range.upperBound, by: size).map { $0..<min($0 + size, range.upperBound) }
    }
}

/// The integers and scales that a matrix holds, read back from its bytes by the layout that `ck_quant.h` describes.
struct QuantisedBytes {
    let storage: PackedMatrix.Storage
    let rows: Int
    let columns: Int
    let blockColumns: Int
    let bytes: [UInt8]

    private var valueBytes: Int { storage == .q8 ? 512 : 256 }

    /// Bytes of the panels of a block of so many columns.
    private func panelBytes(_ columns: Int) -> Int {
        let groups = (columns + 31) / 32
        return groups * valueBytes + (groups + 1) / 2 * 64
    }

    /// Group `group` of a block, of one row.
    func group(row: Int, block: Int, group: Int) -> (values: [Int32], scale: Float) {
        let width = min(blockColumns, columns - block * blockColumns)
        let before = block * ((rows + 15) / 16) * panelBytes(blockColumns)
        let pair = before + row / 16 * panelBytes(width) + group / 2 * (64 + 2 * valueBytes)
        let (lane, values) = (row % 16, pair + 64 + group % 2 * valueBytes)
        let scaleAt = pair + group % 2 * 32 + 2 * lane
        let scale = halfValue(UInt16(bytes[scaleAt]) | UInt16(bytes[scaleAt + 1]) << 8)
        return (
            (0..<32).map { column in
                guard storage == .q4 else {
                    return Int32(Int8(bitPattern: bytes[values + (column / 4 * 16 + lane) * 4 + column % 4]))
                }
                let byte = bytes[values + (column % 16 / 4 * 16 + lane) * 4 + column % 4]
                return Int32(column < 16 ? byte & 15 : byte >> 4) - 8
            },
            scale
        )
    }

    /// One row of a product by its definition: every leaf a chain over its groups, then the stack machine.
    func product(row: Int, _ x: [Float], _ tree: SumTree) -> [Float] {
        var stack: [Float] = []
        var begin = 0
        for (end, merges) in zip(tree.leafEnds, tree.merges) {
            var sum: Float = 0
            for block in QuantisedReference.pieces(begin..<end, of: blockColumns) {
                for (index, piece) in QuantisedReference.pieces(block, of: 32).enumerated() {
                    let weights = group(row: row, block: block.lowerBound / blockColumns, group: index)
                    let tokens = QuantisedReference.tokens(Array(x[piece]))
                    let dot = zip(weights.values, tokens.values).reduce(Int32(0)) { $0 + $1.0 * $1.1 }
                    // Every zero is +0.
                    sum.addProduct(Float(dot) * weights.scale + 0, tokens.scale)
                }
            }
            stack.append(sum.isNaN ? .nan : sum)
            for _ in 0..<merges {
                let b = stack.removeLast()
                stack[stack.count - 1] += b
            }
            begin = end
        }
        return stack
    }
}

/// A quantised matrix in memory that a test can read.
final class QuantisedMatrix {
    let matrix: PackedMatrix
    let bytes: QuantisedBytes

    init(
        _ weights: [Float],
        rows: Int,
        columns: Int,
        storage: PackedMatrix.Storage,
        blockColumns: Int? = nil,
        pool: ThreadPool,
        kernels: KernelSet = .active
    ) {
        matrix = PackedMatrix(rows: rows, columns: columns, storage: storage, blockColumns: blockColumns)
        let matrix = matrix
        weights.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            matrix.pack(
                base,
                of: .float32,
                rowStrideBytes: 4 * columns,
                rows: 0..<rows,
                pool: pool,
                kernels: kernels
            )
        }
        bytes = QuantisedBytes(
            storage: storage,
            rows: rows,
            columns: columns,
            blockColumns: matrix.blockColumns,
            bytes: matrix.withUnsafeBytes { Array($0) }
        )
    }
}
