import Foundation

/// Random bfloat16 weights that can be made in any order.
///
/// Number i of a tensor depends on the seed, the tensor's name and i only.
/// A 64-bit counter is mixed (SplitMix64's finaliser) and gives four numbers, each drawn from a table of normal
/// quantiles. The spread keeps activations near one through any depth: 1/√(inputs) for a matrix, 0.02 for an
/// embedding or a bias; norms are one. With heavy tails, as trained weights have: Student's t of four degrees of freedom
/// and the same spread in place of the normal distribution, and norms that differ (log-normal, 0.7), so that columns do.
struct RandomWeights: Sendable {
    /// The table's size, 2¹²: 8 kB stay in the first-level cache.
    private static let indexBits = 12
    /// How many elements one step of the counter gives.
    static let group = 4

    private let key: UInt64
    private let table: [UInt16]

    init(_ tensor: ExpectedTensor, seed: UInt64, heavyTails: Bool = false) {
        let quantiles = heavyTails ? Self.heavyQuantiles : Self.unitQuantiles
        var name = Fingerprint()
        name.add(tensor.name.utf8)
        key = Self.mix(seed &+ Self.mix(name.value))
        switch tensor.role {
        case .norm: table = (heavyTails ? Self.unevenScales : quantiles.map { _ in 1 }).map(Self.bfloat16)
        case .embedding, .bias: table = quantiles.map { Self.bfloat16($0 * 0.02) }
        case .matrix:
            let inputs = tensor.shape.dropFirst().reduce(1, *)
            table = quantiles.map { Self.bfloat16($0 / Double(inputs).squareRoot()) }
        }
    }

    /// Writes the elements from `first`, a multiple of `group`, as bfloat16.
    ///
    /// `target` has room for `count` elements rounded up to whole groups.
    func fill(_ target: UnsafeMutableRawPointer, first: Int, count: Int) {
        precondition(first.isMultiple(of: Self.group), "elements from \(first)")
        let mask = UInt64(1 << Self.indexBits) - 1
        table.withUnsafeBufferPointer { table in
            for step in 0..<(count + Self.group - 1) / Self.group {
                let counter = UInt64(truncatingIfNeeded: first / Self.group + step)
                let bits = Self.mix(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
                let packed =
                    UInt64(table[Int(truncatingIfNeeded: bits & mask)])
                    | UInt64(table[Int(truncatingIfNeeded: (bits &>> 16) & mask)]) &<< 16
                    | UInt64(table[Int(truncatingIfNeeded: (bits &>> 32) & mask)]) &<< 32
                    | UInt64(table[Int(truncatingIfNeeded: (bits &>> 48) & mask)]) &<< 48
                target.storeBytes(of: packed.littleEndian, toByteOffset: 8 * step, as: UInt64.self)
            }
        }
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    /// The bfloat16 nearest to `value`, ties to even.
    private static func bfloat16(_ value: Double) -> UInt16 {
        let bits = Float(value).bitPattern
        return UInt16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
    }

    /// Equally likely values of a normal distribution with standard deviation 1, ascending.
    ///
    /// Winitzki's approximation of the inverse error function, within 0.2 %; then scaled to the spread exactly.
    private static let unitQuantiles: [Double] = {
        let count = 1 << indexBits
        let a = 0.147
        let values = (0..<count).map { index -> Double in
            let x = (2 * Double(index) + 1) / Double(count) - 1
            let logarithm = log(1 - x * x)
            let t = 2 / (.pi * a) + logarithm / 2
            let root = ((t * t - logarithm / a).squareRoot() - t).squareRoot()
            return x < 0 ? -root : root
        }
        return scaled(values)
    }()

    /// The same of Student's t distribution with four degrees of freedom, whose quantiles have a closed form.
    private static let heavyQuantiles: [Double] = {
        let count = 1 << indexBits
        let values = (0..<count).map { index -> Double in
            let p = (2 * Double(index) + 1) / Double(2 * count)
            let root = (4 * p * (1 - p)).squareRoot()
            return (p < 0.5 ? -2 : 2) * (max(cos(acos(root) / 3) / root, 1) - 1).squareRoot()
        }
        return scaled(values)
    }()

    private static let unevenScales: [Double] = scaled(unitQuantiles.map { exp(0.7 * $0) })

    private static func scaled(_ values: [Double]) -> [Double] {
        let meanSquare = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        return values.map { $0 / meanSquare.squareRoot() }
    }
}
