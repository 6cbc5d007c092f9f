import Tensors

extension TensorView {
    /// The whole tensor in float32, for small ones: norms, biases.
    package func floats() -> [Float] { floats(elements: 0..<elementCount) }

    /// The numbers of `rows` in float32.
    package func floats(rows: Range<Int>) -> [Float] {
        floats(elements: rows.lowerBound * rowElements..<rows.upperBound * rowElements)
    }

    private func floats(elements: Range<Int>) -> [Float] {
        [Float](unsafeUninitializedCapacity: elements.count) { buffer, count in
            if let base = buffer.baseAddress { widen(into: base, elements: elements) }
            count = elements.count
        }
    }

    /// Writes the elements `elements` (row-major, of the whole tensor) to `target` in float32, exactly.
    package func widen(into target: UnsafeMutablePointer<Float>, elements: Range<Int>) {
        precondition(
            elements.lowerBound >= 0 && elements.upperBound <= elementCount,
            "elements \(elements) of \(name) \(shape)"
        )
        guard !elements.isEmpty, let base = bytes.baseAddress else { return }
        let source = base + elements.lowerBound * elementType.byteCount
        switch elementType {
        case .float32:
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: elements.count * 4)
        case .bfloat16:
            for index in 0..<elements.count {
                target[index] = Float(bfloat16Bits: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            }
        case .float16:
            for index in 0..<elements.count {
                target[index] = Float(float16Bits: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            }
        }
    }
}

extension Float {
    /// The number whose bfloat16 pattern is `bits`: a float32 without its lower half.
    @inline(__always)
    init(bfloat16Bits bits: UInt16) { self = Float(bitPattern: UInt32(bits) << 16) }

    /// The number whose IEEE half-precision pattern is `bits`.
    ///
    /// Shifting the pattern into place leaves the exponent 112 too small; the product puts that right, and is exact
    /// for subnormal numbers too. Written without branches so that the compiler makes SIMD code of a loop over it.
    @inline(__always)
    init(float16Bits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7FFF) << 13
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let infiniteOrNaN: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
        self = Float(bitPattern: sign | scaled | infiniteOrNaN)
    }
}
