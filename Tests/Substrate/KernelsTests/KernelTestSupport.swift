import CKernels
import Kernels
import TestSupport

/// The reference set and every faster set of this machine.
let everySet: [KernelSet] = ["ref", "avx2", "avxvnni", "avx512", "avx512bf16"].compactMap(KernelSet.named)

/// The C tables of the sets that must agree with the reference; empty on a machine that has none.
var fastTables: [UnsafePointer<ck_kernels>] {
    ["avx2", "avxvnni", "avx512", "avx512bf16"].compactMap { (name: String) in ckernels_named(name) }
}
var referenceTable: UnsafePointer<ck_kernels> { ckernels_named("ref").unsafelyUnwrapped }

/// Lengths around the register widths, up to 2 × 8 + 3, and some awkward larger ones.
let awkwardLengths = Array(0...19) + [31, 32, 33, 63, 65, 127, 130, 1000]

extension Array where Element == Float {
    /// Bit patterns, so that a comparison tells -0 from +0 and takes NaN for equal to itself.
    var bits: [UInt32] { map(\.bitPattern) }

    /// The rows of an array as kernels take them.
    mutating func withRows<T>(_ count: Int, width: Int, stride: Int? = nil, _ body: (Rows) throws -> T) rethrows -> T {
        try withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an empty array") }
            precondition(count == 0 || (count - 1) * (stride ?? width) + width <= buffer.count, "rows beyond the array")
            return try body(Rows(base, count: count, width: width, stride: stride))
        }
    }
}

/// The exact value of a weight as it is stored, and its bytes.
struct StoredWeights {
    let storage: PackedMatrix.Storage
    let values: [Float]
    let bytes: [UInt8]

    init(_ wanted: [Float], _ storage: PackedMatrix.Storage) {
        self.storage = storage
        switch storage {
        case .float32:
            values = wanted
            bytes = wanted.withUnsafeBytes { Array($0) }
        case .bfloat16, .bfloat16Pairs:
            let stored = wanted.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
            values = stored.map { Float(bitPattern: UInt32($0) << 16) }
            bytes = stored.withUnsafeBytes { Array($0) }
        case .float16:
            let halves = wanted.map(halfBits)
            values = halves.map { halfValue($0) }
            bytes = halves.withUnsafeBytes { Array($0) }
        case .q8, .q4: preconditionFailure("\(storage) is not the type of single numbers")
        }
    }
}

/// The value of a half, by the definition of the format.
func halfValue(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let (exponent, mantissa) = (Int(bits >> 10) & 31, Float(bits & 0x3ff))
    if exponent == 31 { return mantissa == 0 ? sign * .infinity : .nan }
    let scale = Float(sign: .plus, exponent: (exponent == 0 ? 1 : exponent) - 25, significand: 1)
    return sign * (mantissa + (exponent == 0 ? 0 : 1024)) * scale
}

/// The half nearest to a number below 65504 in magnitude, found by search; ties to even.
func halfBits(_ value: Float) -> UInt16 {
    let magnitude = abs(value)
    var (low, high) = (UInt16(0), UInt16(0x7bff))
    while low < high {
        let middle = (low + high + 1) / 2
        if halfValue(middle) <= magnitude { low = middle } else { high = middle - 1 }
    }
    if low < 0x7bff {
        let (below, above) = (magnitude - halfValue(low), halfValue(low + 1) - magnitude)
        if above < below || (above == below && low & 1 == 1) { low += 1 }
    }
    return low | (value.sign == .minus ? 0x8000 : 0)
}

extension PackedMatrix.Storage {
    /// The storages whose products are chains of multiply-adds.
    static let chains = floats + [.bfloat16Pairs]
}

/// One output of a product by its definition: leaves of sequential fused multiply-adds, then the stack machine.
func definedProduct(_ w: ArraySlice<Float>, _ x: ArraySlice<Float>, _ tree: SumTree) -> [Float] {
    definedSums(tree) { columns in
        columns.reduce(0) { $0.addingProduct(w[w.startIndex + $1], x[x.startIndex + $1]) }
    }
}

/// The partial sums that a tree leaves of what its leaves, ranges of columns, are.
func definedSums(_ tree: SumTree, _ leaf: (Range<Int>) -> Float) -> [Float] {
    var stack: [Float] = []
    var column = 0
    for (end, merges) in zip(tree.leafEnds, tree.merges) {
        stack.append(leaf(column..<end))
        column = end
        for _ in 0..<merges {
            let b = stack.removeLast()
            stack[stack.count - 1] += b
        }
    }
    return stack
}
