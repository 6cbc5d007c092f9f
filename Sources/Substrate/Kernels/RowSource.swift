/// What the activations of a product are computed from, where the product does that itself.
///
/// It packs or quantises each row right behind, out of the nearest cache: several tokens' rows do not fit there together.
package enum RowSource {
    /// They are there.
    case stored
    /// See ``RMSNorm``.
    case rmsNorm(of: Rows, weight: [Float], epsilon: Float)
    /// See ``SwiGLU``; `gate` may be where the result is put.
    case swiGLU(gate: Rows, up: Rows)
    /// They are there as a product by one quantised matrix takes them; the rows themselves are not.
    case quantised(QuantisedRows)

    /// Computes rows of `out`, on the calling thread.
    func compute(_ range: Range<Int>, into out: Rows, _ kernels: KernelSet) {
        switch self {
        case .stored, .quantised: break
        case .rmsNorm(let x, let weight, let epsilon):
            RMSNorm.compute(range, x, weight: weight, epsilon: epsilon, into: out, kernels)
        case .swiGLU(let gate, let up): SwiGLU.compute(range, gate: gate, up: up, into: out, kernels)
        }
    }

    /// What is left to compute where `out` is of one token: nothing, as all threads share its columns.
    func rest(for out: Rows, _ pool: ThreadPool, _ kernels: KernelSet) -> RowSource {
        guard out.count == 1 else { return self }
        switch self {
        case .stored, .quantised: return self
        case .rmsNorm: compute(0..<1, into: out, kernels)
        case .swiGLU(let gate, let up): SwiGLU.run(pool, gate: gate, up: up, into: out, kernels: kernels)
        }
        return .stored
    }
}
