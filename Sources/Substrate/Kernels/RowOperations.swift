internal import CKernels

/// Row operations of the vision tower, called from inside a task: each works on the calling thread alone.
///
/// Every operation handles a row in one fixed order, so that neither how rows are given to threads nor the instruction
/// set changes a bit.
package enum RowOperations {
    /// Each row of scores `[queries, keys]` becomes exp((x − max) · scale), in place; `divisors`, `[queries]`, their sums.
    package static func softmax(_ x: Rows, scale: Float, divisors: UnsafeMutablePointer<Float>) {
        precondition(x.width >= 1 && scale > 0, "softmax of \(x.width) scores, scale \(scale)")
        ck_vision_softmax(x.base, x.stride, x.count, x.width, scale, divisors)
    }

    /// Each row times the reciprocal of its divisor, in place.
    package static func divide(_ x: Rows, by divisors: UnsafePointer<Float>) {
        ck_vision_divide(x.base, x.stride, x.count, x.width, divisors)
    }

    /// `y = x / √(mean(x²) + ε) · weight`, row by row.
    ///
    /// `weight` is `[width]`, y may be x. See `RMSNorm`.
    package static func rmsNorm(_ x: Rows, weight: [Float], epsilon: Float, into y: Rows) {
        precondition(weight.count == x.width && y.width == x.width && y.count == x.count, "rmsNorm: \(weight.count)")
        let norm = KernelSet.active.table.pointee.rms_norm
        norm(x.base, x.stride, y.base, y.stride, x.count, x.width, weight, epsilon)
    }

    /// Each row to mean 0 and variance 1, times `weight` plus `bias`, in place; `weight` and `bias` are `[width]`.
    package static func layerNorm(_ x: Rows, weight: [Float], bias: [Float], epsilon: Float) {
        precondition(weight.count == x.width && bias.count == x.width, "layerNorm: \(weight.count) for \(x.width)")
        for row in 0..<x.count { ck_vision_layer_norm(x.row(row), weight, bias, x.width, epsilon) }
    }

    /// The exact GELU, x/2 · (1 + erf(x/√2)), in place.
    package static func gelu(_ x: Rows) {
        for row in 0..<x.count { ck_vision_gelu(x.row(row), x.width) }
    }

    /// gate = silu(gate) · up, silu(x) = x / (1 + exp(−x)); both of the same shape.
    package static func swiGLU(gate: Rows, up: Rows) {
        precondition(gate.count == up.count && gate.width == up.width, "swiGLU: \(gate.width) by \(up.width)")
        let swiglu = KernelSet.active.table.pointee.swiglu
        for row in 0..<gate.count { swiglu(gate.row(row), up.row(row), gate.row(row), gate.width) }
    }

    /// Adds `bias` to each row of x; `[width]`.
    package static func addBias(_ bias: UnsafeBufferPointer<Float>, to x: Rows) {
        precondition(bias.count == x.width, "bias of \(bias.count) to rows of \(x.width)")
        guard let base = bias.baseAddress else { return }
        for row in 0..<x.count { ck_add(x.row(row), base, x.width) }
    }

    /// x += y, the residual connection; both of the same shape.
    package static func add(_ y: Rows, to x: Rows) {
        precondition(x.count == y.count && x.width == y.width, "add: [\(y.count), \(y.width)] to \(x.width)")
        for row in 0..<x.count { ck_add(x.row(row), y.row(row), x.width) }
    }

    /// Writes y to x; both of the same shape.
    package static func copy(_ y: Rows, to x: Rows) {
        precondition(x.count == y.count && x.width == y.width, "copy: [\(y.count), \(y.width)] to \(x.width)")
        for row in 0..<x.count { x.row(row).update(from: y.row(row), count: x.width) }
    }
}
