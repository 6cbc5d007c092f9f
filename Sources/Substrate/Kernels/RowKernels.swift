internal import CKernels

/// Numbers that one task should have at least, so that the hand-over is lost in the work.
private let elementsPerTask = 16_384

private func rowGrain(_ width: Int) -> Int { max(1, elementsPerTask / max(width, 1)) }

/// Scales each row to unit root-mean-square, then by `weight`.
///
/// `y[i] = (x[i] · scale) · weight[i]`, `scale = 1 / √(mean(x²) + ε)`; the sum of squares has eight lanes (see
/// `ck_rows.h`). Hugging Face: `Qwen3RMSNorm`.
package enum RMSNorm {
    /// `[tokens, hidden]` by `weight` `[hidden]`; `y` may be `x`.
    package static func run(
        _ pool: ThreadPool,
        _ x: Rows,
        weight: UnsafePointer<Float>,
        epsilon: Float,
        into y: Rows,
        kernels: KernelSet = .active
    ) {
        pool.runRanges(x.count, grain: rowGrain(x.width)) { range in
            compute(range, x, weight: weight, epsilon: epsilon, into: y, kernels)
        }
    }

    /// Some rows of it, on the calling thread.
    static func compute(
        _ range: Range<Int>,
        _ x: Rows,
        weight: UnsafePointer<Float>,
        epsilon: Float,
        into y: Rows,
        _ kernels: KernelSet
    ) {
        precondition(y.count == x.count && y.width == x.width, "rmsNorm: [\(x.count), \(x.width)] into \(y.width)")
        let (from, to) = (x.row(range.lowerBound), y.row(range.lowerBound))
        kernels.table.pointee.rms_norm(from, x.stride, to, y.stride, range.count, x.width, weight, epsilon)
    }

    /// Each head of `[tokens, heads · headDim]` by `weight` `[headDim]`, in place.
    package static func perHead(
        _ pool: ThreadPool,
        _ x: Rows,
        headDim: Int,
        weight: UnsafePointer<Float>,
        epsilon: Float,
        kernels: KernelSet = .active
    ) {
        precondition(headDim > 0 && x.width % headDim == 0, "rmsNorm: \(x.width) columns in heads of \(headDim)")
        let norm = kernels.table.pointee.rms_norm
        pool.runRanges(x.count, grain: rowGrain(x.width)) { range in
            for token in range {
                let row = x.row(token)
                norm(row, headDim, row, headDim, x.width / headDim, headDim, weight, epsilon)
            }
        }
    }
}

/// The gated activation of the MLP: `silu(gate) · up`, `silu(x) = x / (1 + exp(−x))`.
package enum SwiGLU {
    /// `[tokens, intermediate]` each; `out` may be `gate` or `up`.
    package static func run(
        _ pool: ThreadPool,
        gate: Rows,
        up: Rows,
        into out: Rows,
        kernels: KernelSet = .active
    ) {
        guard gate.count == 1 else {
            return pool.runRanges(gate.count, grain: max(1, 4096 / max(gate.width, 1))) { range in
                compute(range, gate: gate, up: up, into: out, kernels)
            }
        }
        pool.runRanges(gate.width, grain: 2048) { columns in
            compute(0..<1, gate: gate.columns(columns), up: up.columns(columns), into: out.columns(columns), kernels)
        }
    }

    /// Some rows of it, on the calling thread.
    static func compute(_ range: Range<Int>, gate: Rows, up: Rows, into out: Rows, _ kernels: KernelSet) {
        let width = gate.width
        precondition(width == up.width && width == out.width, "swiglu: \(width), \(up.width), \(out.width)")
        precondition(
            gate.count == up.count && up.count == out.count,
            "swiglu: \(gate.count), \(up.count), \(out.count)"
        )
        let swiglu = kernels.table.pointee.swiglu
        for token in range { swiglu(gate.row(token), up.row(token), out.row(token), width) }
    }
}

/// Residual connections.
package enum Residual {
    /// `x += y`, `[tokens, hidden]` each.
    package static func add(_ pool: ThreadPool, _ y: Rows, to x: Rows) {
        precondition(x.count == y.count && x.width == y.width, "add: [\(y.count), \(y.width)] to \(x.width)")
        pool.runRanges(x.count, grain: rowGrain(x.width)) { range in
            for token in range { ck_add(x.row(token), y.row(token), x.width) }
        }
    }
}
