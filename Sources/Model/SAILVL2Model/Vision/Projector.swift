import Kernels

/// Patches' features to the decoder's embedding space: token merge, LayerNorm, Linear, exact GELU, Linear.
///
/// features [patches, hidden] → merged [tokens, merged features] → visual tokens [tokens, decoder hidden].
/// Hugging Face: `SAILVLModel.mlp1`.
struct Projector: Sendable {
    /// PyTorch's default, which the published model leaves as it is.
    private static let layerNormEpsilon: Float = 1e-5

    let merge: TokenMerge
    let normWeight, normBias: [Float]
    let input, output: VisionLinear

    func callAsFunction(_ features: Rows, into tokens: Rows, work: VisionWorkspace) {
        work.merged.fill(on: work.pool) { part, rows in
            for (index, token) in part.enumerated() { merge(features, token: token, into: rows.row(index)) }
            RowOperations.layerNorm(rows, weight: normWeight, bias: normBias, epsilon: Self.layerNormEpsilon)
        }
        input(work.merged, on: work.pool, activation: RowOperations.gelu) { y, block in
            block.store(y, into: work.projected, firstColumn: block.outputs.lowerBound)
        }
        output(work.projected, on: work.pool) { y, block in
            RowOperations.copy(y, to: tokens[block.tokens, block.outputs])
        }
    }
}
