internal import CKernels
import Foundation

/// Cosines and sines of the rotary position embedding, computed for as many positions as were needed so far.
///
/// Follows PyTorch in float32 (Hugging Face: `Qwen3RotaryEmbedding`): inverse frequency
/// `1 / θ^(2i / headDim)`, each operation rounded to float32; angle = position · inverse frequency, rounded; then cosine
/// and sine of that angle. A position takes `4 · headDim` bytes.
package final class RotaryTable {
    package let headDim: Int
    /// Positions that the table holds.
    package private(set) var positions = 0

    private let inverseFrequencies: [Float]
    private var cosines: [Float] = []
    private var sines: [Float] = []

    /// - Parameters:
    ///   - theta: The base, `rope_theta`.
    ///   - headDim: Even.
    package init(theta: Double, headDim: Int) {
        precondition(headDim > 0 && headDim % 2 == 0, "rotary: a head of \(headDim)")
        self.headDim = headDim
        inverseFrequencies = (0..<headDim / 2).map { index in
            let exponent = Float(2 * index) / Float(headDim)
            return 1 / Float(pow(theta, Double(exponent)))
        }
    }

    /// Makes sure that positions `0..<count` are in the table, growing by a thousand or more at a time.
    package func prepare(positions count: Int) {
        guard count > positions else { return }
        let target = max(count, positions + 1024)
        cosines.reserveCapacity(target * headDim / 2)
        sines.reserveCapacity(target * headDim / 2)
        for position in positions..<target {
            for inverse in inverseFrequencies {
                let angle = Double(Float(position) * inverse)
                cosines.append(Float(cos(angle)))
                sines.append(Float(sin(angle)))
            }
        }
        positions = target
    }

    /// Rotates the halves of each head in place: `(a, b) → (a cos − b sin, b cos + a sin)`.
    ///
    /// - Parameters:
    ///   - x: `[tokens, heads · headDim]`
    ///   - tokenPositions: The absolute position of each token.
    package func rotate(_ pool: ThreadPool, _ x: Rows, positions tokenPositions: [Int]) {
        precondition(x.width % headDim == 0, "rotary: \(x.width) columns in heads of \(headDim)")
        precondition(tokenPositions.count == x.count, "rotary: \(tokenPositions.count) positions, \(x.count) tokens")
        precondition(tokenPositions.allSatisfy { $0 >= 0 }, "rotary: a negative position")
        prepare(positions: (tokenPositions.max() ?? -1) + 1)
        let (heads, half) = (x.width / headDim, headDim / 2)
        cosines.withUnsafeBufferPointer { cosines in
            sines.withUnsafeBufferPointer { sines in
                guard let cosine = cosines.baseAddress, let sine = sines.baseAddress else { return }
                pool.runRanges(x.count, grain: max(1, 8192 / x.width)) { range in
                    for token in range {
                        let offset = tokenPositions[token] * half
                        ck_rope(x.row(token), heads, half, cosine + offset, sine + offset)
                    }
                }
            }
        }
    }
}
