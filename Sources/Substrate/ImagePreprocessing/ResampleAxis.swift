import CImageCodecs

/// Where each output of a resized axis comes from, and with which weights: Pillow's `precompute_coeffs`, bicubic.
///
/// ```
/// scale = inputs / outputs;  spread = max(scale, 1)              (antialiasing)
/// weight(x) = bicubic((x − centre + 0.5) / spread), centre = (output + 0.5) · scale, normalised to a sum of 1
/// fixed = round(weight · 2²²)
/// ```
/// The order of the double-precision operations is Pillow's: a weight decides over the last bit of a pixel.
struct ResampleAxis: Sendable {
    /// The first input of each output, and how many there are.
    private(set) var starts: [Int32] = []
    private(set) var counts: [Int32] = []
    /// `[outputs, stride]`, zero beyond `counts`.
    private var fixed: [Int32]
    private var real: [Double]
    private let stride: Int

    /// Inputs that an output needs at most.
    var maxCount: Int { Int(counts.max() ?? 0) }

    init(inputs: Int, outputs: Int) {
        precondition(inputs > 0 && outputs > 0, "\(inputs) inputs, \(outputs) outputs")
        let scale = Double(inputs) / Double(outputs)
        let spread = max(scale, 1)
        let support = 2 * spread
        let taps = Int(support.rounded(.up)) * 2 + 1
        stride = (taps + 3) & ~3
        fixed = [Int32](repeating: 0, count: outputs * stride)
        real = [Double](repeating: 0, count: outputs * stride)
        for output in 0..<outputs {
            let centre = (Double(output) + 0.5) * scale
            let start = max(Int(centre - support + 0.5), 0)
            let count = min(Int(centre + support + 0.5), inputs) - start
            starts.append(Int32(start))
            counts.append(Int32(count))
            fill(output, start: start, count: count, centre: centre, inverseSpread: 1 / spread)
        }
    }

    private mutating func fill(_ output: Int, start: Int, count: Int, centre: Double, inverseSpread: Double) {
        let first = output * stride
        var sum = 0.0
        for i in 0..<count {
            let weight = Self.bicubic((Double(i + start) - centre + 0.5) * inverseSpread)
            real[first + i] = weight
            sum += weight
        }
        for i in first..<first + count {
            if sum != 0 { real[i] /= sum }
            let scaled = real[i] * Double(1 << 22)
            fixed[i] = Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
        }
    }

    /// Keys' cubic convolution with a = −0.5.
    private static func bicubic(_ position: Double) -> Double {
        let a = -0.5
        let x = abs(position)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }

    /// The same in C, valid during `body`.
    func withCode(_ body: (UnsafePointer<image_axis>) -> Void) {
        starts.withUnsafeBufferPointer { starts in
            counts.withUnsafeBufferPointer { counts in
                fixed.withUnsafeBufferPointer { fixed in
                    real.withUnsafeBufferPointer { real in
                        var axis = image_axis(
                            starts: starts.baseAddress,
                            counts: counts.baseAddress,
                            fixed: fixed.baseAddress,
                            real: real.baseAddress,
                            stride: stride,
                            outputs: starts.count
                        )
                        body(&axis)
                    }
                }
            }
        }
    }
}
