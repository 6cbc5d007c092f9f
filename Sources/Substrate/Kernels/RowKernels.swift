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
        precondition(y.count == x.count && y.width == x.width, "rmsNorm: [\(x.count), \(x.width)] into \(y.width)")
        let norm = kernels.table.pointee.rms_norm
        pool.runRanges(x.count, grain: rowGrain(x.width)) { range in
            norm(
                x.row(range.lowerBound),
                x.stride,
                y.row(range.lowerBound),
                y.stride,
                range.count,
                x.width,
                weight,
                epsilon
            )
        }
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
        precondition(
            gate.width == up.width && up.width == out.width,
            "swiglu: \(gate.width), \(up.width), \(out.width)"
        )
        precondition(
            gate.count == up.count && up.count == out.count,
            "swiglu: \(gate.count), \(up.count), \(out.count)"
        )
        let swiglu = kernels.table.pointee.swiglu
        let width = gate.width
        guard gate.count > 1 else {
            return pool.runRanges(gate.count * width, grain: 2048) { range in
                let first = range.lowerBound
                swiglu(gate.base + first, up.base + first, out.base + first, range.count)
            }
        }
        pool.runRanges(gate.count, grain: max(1, 4096 / max(width, 1))) { range in
            for token in range { swiglu(gate.row(token), up.row(token), out.row(token), width) }
        }
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
