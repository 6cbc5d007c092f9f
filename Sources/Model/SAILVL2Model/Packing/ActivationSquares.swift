package import Checkpoints
package import Kernels

/// Sums of squares of what a decoder's matrices multiply, column by column: what an error of a weight in that column costs.
///
/// A decoder adds to it in every forward pass while its workspace holds one, on one rank. Sums are of doubles, token after
/// token in each column, so that they have the same bits for any threads and chunks.
///
/// - SeeAlso: the importance matrix of llama.cpp, which is the same.
package final class ActivationSquares {
    /// What several matrices multiply.
    enum Input: Hashable {
        case attention(layer: Int)
        case context(layer: Int)
        case feedForward(layer: Int)
        case gated(layer: Int)
        case head
    }

    private var sums: [Input: [Double]] = [:]

    package init() {}

    /// Adds the squares of `[tokens, columns]`.
    func add(_ x: Rows, _ input: Input, pool: ThreadPool) {
        sums[input, default: Array(repeating: 0, count: x.width)].withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let sums = sums
            precondition(sums.count == x.width, "\(x.width) columns where there were \(sums.count)")
            pool.runRanges(x.width, grain: 256) { columns in
                for row in 0..<x.count {
                    let numbers = x.row(row)
                    for column in columns { sums[column] += Double(numbers[column]) * Double(numbers[column]) }
                }
            }
        }
    }

    /// What each column of a decoder's matrix counts, `[columns]`, one on the average.
    ///
    /// - Returns: `nil` for a matrix that multiplies nothing (an embedding of its own), for one whose inputs were zeros, and
    ///   where an input was no number.
    package func importance(of name: String, in config: ModelConfig.Decoder) -> [Float]? {
        guard let input = Self.input(of: name, config), let sums = sums[input] else { return nil }
        let mean = sums.reduce(0, +) / Double(sums.count)
        guard mean > 0, mean.isFinite else { return nil }
        return sums.map { Float($0 / mean) }
    }

    /// Whether everything that was multiplied was a number.
    package var isFinite: Bool { sums.values.allSatisfy { $0.allSatisfy(\.isFinite) } }

    private static func input(of name: String, _ config: ModelConfig.Decoder) -> Input? {
        if name == TensorNames.embedding { return config.tiedEmbeddings ? .head : nil }
        if name == TensorNames.head { return .head }
        for layer in 0..<config.layers {
            let names = TensorNames.layer(layer)
            switch name {
            case names.qProj, names.kProj, names.vProj: return .attention(layer: layer)
            case names.oProj: return .context(layer: layer)
            case names.gateProj, names.upProj: return .feedForward(layer: layer)
            case names.downProj: return .gated(layer: layer)
            default: continue
            }
        }
        return nil
    }
}
