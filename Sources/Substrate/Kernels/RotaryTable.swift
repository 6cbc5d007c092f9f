internal import CKernels
import Foundation

/// Cosines and sines of the rotary position embedding, computed for as many positions as were asked for so far.
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

    /// Bytes of a table of so many positions.
    package static func byteCount(positions: Int, headDim: Int) -> Int {
        positions * headDim * MemoryLayout<Float>.size
    }

    /// Makes sure that positions `0..<count` are in the table, and no more than those where it was empty; a table in use
    /// grows by a thousand or more at a time.
    package func prepare(positions count: Int, _ pool: ThreadPool? = nil) {
        guard count > positions else { return }
        let (first, half) = (positions, headDim / 2)
        let target = first == 0 ? count : max(count, first + 1024)
        cosines.append(contentsOf: repeatElement(0, count: (target - first) * half))
        sines.append(contentsOf: repeatElement(0, count: (target - first) * half))
        let inverseFrequencies = inverseFrequencies
        cosines.withUnsafeMutableBufferPointer { cosines in
            sines.withUnsafeMutableBufferPointer { sines in
                guard let cosine = cosines.baseAddress, let sine = sines.baseAddress else { return }
                func fill(_ added: Range<Int>) {
                    for position in added.lowerBound + first..<added.upperBound + first {
                        for (index, inverse) in inverseFrequencies.enumerated() {
                            let angle = Double(Float(position) * inverse)
                            cosine[position * half + index] = Float(cos(angle))
                            sine[position * half + index] = Float(sin(angle))
                        }
                    }
                }
                guard let pool else { return fill(0..<(target - first)) }
                pool.runRanges(target - first, grain: 64) { fill($0) }
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
