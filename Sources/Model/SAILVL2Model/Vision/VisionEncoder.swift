package import Checkpoints
package import Kernels
import Tensors

/// SAILViT and the projector: the pixels of a tile become the visual tokens that the decoder reads.
///
/// ```
/// x = norm(conv(pixels)) + positions
/// x += attention(norm1(x)); x += mlp(norm2(x))        in every block
/// tokens = projector(merge(norm(x)))
/// ```
///
/// One tile at a time, on all threads of a pool and its helpers; to compute several tiles at once give each its own encoder and pool
/// over the same `VisionWeights`. The bits of the result depend on the pixels and the weights alone, not on the threads,
/// the instruction set or the tiles before. Not `Sendable`: it belongs to its pool's thread.
/// SAIL-VL2 technical report, section 2; Hugging Face: `SAILViTModel` and `SAILVLModel.extract_feature`.
///
/// ## Communication
/// None.
package final class VisionEncoder {
    package let weights: VisionWeights
    private let work: VisionWorkspace

    package init(_ weights: VisionWeights, pool: ThreadPool) {
        self.weights = weights
        work = VisionWorkspace(weights.config, element: weights.element, pool: pool)
    }

    package var config: ModelConfig { weights.config }

    /// Bytes of the work areas that this encoder has allocated.
    package var workBytes: Int {
        Self.workBytes(config, element: weights.element, threads: work.pool.threads + work.pool.helperCount)
    }

    /// Computes the visual tokens of one tile.
    ///
    /// - Parameters:
    ///   - pixels: [3, tileSide, tileSide], normalised.
    ///   - tokens: where the result goes, [visualTokensPerTile, decoder hidden].
    ///   - shouldStop: asked on the calling thread before each block and before the projector, so at most one layer
    ///     is computed in vain.
    /// - Returns: false if `shouldStop` said so; `tokens` is then not written.
    package func encode(
        _ pixels: UnsafeBufferPointer<Float>,
        into tokens: UnsafeMutableBufferPointer<Float>,
        shouldStop: () -> Bool = { false }
    ) -> Bool {
        let side = config.images.tileSide
        precondition(
            pixels.count == 3 * side * side,
            "\(pixels.count) pixel values for a tile of [3, \(side), \(side)]"
        )
        let (count, width) = (config.visualTokensPerTile, config.decoder.hidden)
        precondition(tokens.count == count * width, "room for \(tokens.count) numbers, need [\(count), \(width)]")
        guard let pixels = pixels.baseAddress, let tokens = tokens.baseAddress else { return true }
        return work.pool.step {
            guard let features = features(pixels, shouldStop: shouldStop), !shouldStop() else { return false }
            weights.projector(features, into: Rows(tokens, count: count, width: width), work: work)
            return true
        }
    }

    /// The features of all patches, [patches, hidden]; `nil` if stopped.
    private func features(_ pixels: UnsafePointer<Float>, shouldStop: () -> Bool) -> Rows? {
        weights.embedding(pixels, work: work)
        for block in weights.blocks {
            guard !shouldStop() else { return nil }
            block(work: work)
        }
        weights.finalNorm?.inPlace(work.hidden, on: work.pool)
        return work.hidden
    }
}
