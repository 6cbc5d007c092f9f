import Kernels

/// The bfloat16 nearest to a number, found among its two neighbours; denormal numbers are zeros.
func nearestBfloat16(_ value: Float) -> Float {
    if value.isNaN || value.isInfinite { return value }
    if value.magnitude < .leastNormalMagnitude { return value.sign == .minus ? -0.0 : 0.0 }
    let below = Float(bitPattern: value.magnitude.bitPattern & 0xffff_0000)
    let step = Double(Float(sign: .plus, exponent: below.exponent - 7, significand: 1))
    let (down, up) = (Double(value.magnitude) - Double(below), Double(below) + step - Double(value.magnitude))
    let isOdd = below.bitPattern & 0x1_0000 != 0
    let nearest = up < down || (up == down && isOdd) ? Float(Double(below) + step) : below
    return value.sign == .minus ? -nearest : nearest
}

/// `c + a · b`, rounded once, where denormal numbers are zeros, as factors and as result.
///
/// Small numbers are multiplied by 2^64 before they are added, so that the result is judged by what it is with 24 bits.
func flushedMultiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
    func flushed(_ x: Float) -> Float { x.isSubnormal ? (x.sign == .minus ? -0.0 : 0.0) : x }
    let (a, b) = (flushed(a), flushed(b))
    guard (a * b).magnitude < 1, c.magnitude < 1 else { return c.addingProduct(a, b) }
    let (small, large) = a.magnitude < b.magnitude ? (a, b) : (b, a)
    let sum = (c * 0x1p64).addingProduct(small * 0x1p64, large)
    guard sum.magnitude < 0x1p-62 else { return sum * 0x1p-64 }
    return sum.sign == .minus ? -0.0 : 0.0
}

/// One output of a product by pairs of bfloat16 by its definition, as ``definedProduct(_:_:_:)``.
func definedPairsProduct(_ w: ArraySlice<Float>, _ x: ArraySlice<Float>, _ tree: SumTree) -> [Float] {
    definedSums(tree) { columns in
        let sum: Float = columns.reduce(0) {
            flushedMultiplyAdd(w[w.startIndex + $1], nearestBfloat16(x[x.startIndex + $1]), $0)
        }
        return sum.isNaN ? Float(bitPattern: 0x7fc0_0000) : sum + 0
    }
}
