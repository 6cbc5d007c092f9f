import Kernels

/// Pixels to the first hidden states: a convolution whose stride is its size, RMSNorm, learned positions.
///
/// pixels [3, side, side] → patches [patches, 3 · patchSize²] → hidden [patches, hidden], patches row by row.
/// A convolution whose windows do not overlap is a linear layer over each window's pixels.
/// Hugging Face: `SAILViTPreprocessor` and `SAILViTPatchEmbed`.
struct PatchEmbedding: Sendable {
    /// Weight [hidden, 3 · patchSize²]: the kernels [hidden, 3, patchSize, patchSize] as they lie in memory.
    let projection: VisionLinear
    let norm: VisionRMSNorm
    /// [patches, hidden], row by row.
    let positions: [Float]
    let patchSize, patchGrid: Int

    func callAsFunction(_ pixels: UnsafePointer<Float>, work: VisionWorkspace) {
        work.patches.fill(on: work.pool) { patches, rows in
            for (index, patch) in patches.enumerated() { gather(pixels, patch, into: rows.row(index)) }
        }
        projection(work.patches, on: work.pool) { y, block in
            RowOperations.copy(y, to: work.hidden[block.tokens, block.outputs])
        }
        norm.inPlace(work.hidden, on: work.pool)
        let width = work.hidden.width
        positions.withUnsafeBufferPointer { positions in
            work.pool.run(work.hidden.count) { patch in
                let position = UnsafeBufferPointer(rebasing: positions[patch * width..<(patch + 1) * width])
                RowOperations.addBias(position, to: work.hidden.rows(patch..<patch + 1))
            }
        }
    }

    /// Writes a patch's pixels side by side: [channel, y, x], the order of the kernels.
    private func gather(_ pixels: UnsafePointer<Float>, _ patch: Int, into target: UnsafeMutablePointer<Float>) {
        let side = patchGrid * patchSize
        let corner = patch / patchGrid * patchSize * side + patch % patchGrid * patchSize
        var target = target
        for channel in 0..<3 {
            for y in 0..<patchSize {
                target.update(from: pixels + (channel * side + y) * side + corner, count: patchSize)
                target += patchSize
            }
        }
    }
}
