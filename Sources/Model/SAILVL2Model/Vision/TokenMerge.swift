import Checkpoints
import Kernels

/// Neighbouring patches become one visual token: `side` × `side` of them, side by side in its features.
///
/// features [patches, hidden] → merged [patches / side², side² · hidden]; with side 2 the merged feature of (row y,
/// column x) is [(2y, 2x) | (2y, 2x + 1) | (2y + 1, 2x) | (2y + 1, 2x + 1)]. `v2` lists the merged features row by row,
/// `v1` column by column. Hugging Face: `SAILVLModel.pixel_shuffle`.
struct TokenMerge: Sendable {
    let side: Int
    let order: ModelConfig.PixelShuffle
    /// Patches along a side of the tile.
    let patchGrid: Int

    /// Writes the merged features of one visual token, [side² · hidden].
    func callAsFunction(_ features: Rows, token: Int, into target: UnsafeMutablePointer<Float>) {
        let grid = patchGrid / side
        let (y, x) = order == .v2 ? (token / grid, token % grid) : (token % grid, token / grid)
        var target = target
        for dy in 0..<side {
            for dx in 0..<side {
                let patch = (y * side + dy) * patchGrid + x * side + dx
                target.update(from: features.row(patch), count: features.width)
                target += features.width
            }
        }
    }
}
