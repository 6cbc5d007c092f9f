internal import CKernels
package import Tensors

/// Row operations of the vision tower, called from inside a task: each works on the calling thread alone.
///
/// Every operation handles a row in one fixed order, so that how rows are given to threads does not change a bit.
package enum VisionRows {
    /// Each row becomes exp(x − max) over its sum, in place; `[queries, keys]`.
    package static func softmax(_ x: Rows) {
        precondition(x.width >= 1, "softmax of empty rows")
        for row in 0..<x.count { ck_vision_softmax(x.row(row), x.width) }
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
        guard let swiglu = KernelSet.active.table.pointee.swiglu else { return }
        for row in 0..<gate.count { swiglu(gate.row(row), up.row(row), gate.row(row), gate.width) }
    }

    /// Adds `bias` to each row of x; `[width]`.
    package static func addBias(_ bias: UnsafeBufferPointer<Float>, to x: Rows) {
        precondition(bias.count == x.width, "bias of \(bias.count) to rows of \(x.width)")
        guard let base = bias.baseAddress else { return }
        for row in 0..<x.count { ck_add(x.row(row), base, x.width) }
    }

    /// Writes the numbers in `bytes`, which need not be aligned, to `target` in float32, exactly.
    package static func widen(
        _ bytes: UnsafeRawBufferPointer,
        of type: ElementType,
        into target: UnsafeMutablePointer<Float>
    ) {
        guard let base = bytes.baseAddress else { return }
        let count = bytes.count / type.byteCount
        switch type {
        case .float32: UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: bytes.count)
        case .bfloat16: ck_vision_widen_bfloat16(base, target, count)
        case .float16: ck_vision_widen_float16(base, target, count)
        }
    }

    /// The version that runs: `avx2` or `plain`.
    package static var instructionSet: String { String(cString: ck_vision_isa()) }
}
