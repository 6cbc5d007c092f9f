import Kernels

/// Merged features to the decoder's embedding space: LayerNorm, Linear, exact GELU, Linear.
///
/// merged [tokens, merged features] → visual tokens [tokens, decoder hidden]. Hugging Face: `SAILVLModel.mlp1`.
struct Projector: Sendable {
    /// PyTorch's default, which the published model leaves as it is.
    private static let layerNormEpsilon: Float = 1e-5

    let normWeight, normBias: [Float]
    let input, output: VisionLinear

    /// Norms `merged` in place on the way.
    func callAsFunction(_ merged: Rows, into tokens: Rows, work: VisionWorkspace) {
        work.workers.forEach(merged.count) { row, _ in
            let feature = merged.rows(row..<row + 1)
            VisionRows.layerNorm(feature, weight: normWeight, bias: normBias, epsilon: Self.layerNormEpsilon)
        }
        input(merged, into: work.projected, on: work.workers, finish: VisionRows.gelu)
        output(work.projected, into: tokens, on: work.workers)
    }
}
