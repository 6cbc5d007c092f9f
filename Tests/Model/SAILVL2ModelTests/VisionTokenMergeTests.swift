import Checkpoints
import Kernels
import Tensors
import Testing

@testable import SAILVL2Model

@Suite("The token merge")
struct VisionTokenMergeTests {
    /// Merges a grid of patches whose feature is their index, written twice.
    private func merged(grid: Int, side: Int, _ order: ModelConfig.PixelShuffle) -> [Float] {
        let features = FloatBuffer(count: grid * grid * 2)
        for index in 0..<features.count { features[index] = Float(index / 2) }
        let merged = FloatBuffer(count: features.count)
        let width = 2 * side * side
        let merge = TokenMerge(side: side, order: order, patchGrid: grid)
        for token in 0..<features.count / width {
            let rows = Rows(features.pointer, count: grid * grid, width: 2)
            merge(rows, token: token, into: merged.pointer + token * width)
        }
        return stride(from: 0, to: merged.count, by: 2).map { merged[$0] }
    }

    @Test("puts two rows of two patches side by side, row by row in v2")
    func v2() {
        #expect(merged(grid: 4, side: 2, .v2) == [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15])
    }

    @Test("lists the same features column by column in v1")
    func v1() {
        #expect(merged(grid: 4, side: 2, .v1) == [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15])
    }

    @Test("merges three by three, and one by one changes nothing")
    func otherSides() {
        #expect(merged(grid: 3, side: 3, .v2) == (0..<9).map(Float.init))
        #expect(merged(grid: 3, side: 1, .v2) == (0..<9).map(Float.init))
    }
}
