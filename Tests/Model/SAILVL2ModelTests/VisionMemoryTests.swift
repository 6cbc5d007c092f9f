import Checkpoints
import Kernels
import Tensors
import TestSupport
import Testing

@testable import SAILVL2Model

@Suite("The memory of the vision tower")
struct VisionMemoryTests {
    @Test("of a SAILViT-Huge is two bytes a weight as published")
    func hugeWeights() {
        // 24 blocks of 4 · 1536² + 3 · 1536 · 4096 numbers, the patches' kernels, and the projector's two matrices.
        let matrices = 24 * (4 * 1536 * 1536 + 3 * 1536 * 4096) + 588 * 1536 + 2048 * 6144 + 2048 * 2048
        // Norms, the patches' bias, the positions, the projector's norm and biases.
        let vectors = 24 * 2 * 1536 + 3 * 1536 + 1024 * 1536 + 2 * 6144 + 2 * 2048
        #expect(VisionEncoder.weightBytes(PublishedShape.twoBillion) == 2 * matrices + 4 * vectors)
        #expect(VisionEncoder.weightBytes(PublishedShape.twoBillion, stored: .float32) == 4 * (matrices + vectors))
    }

    @Test("does not count blocks behind the one whose output is taken")
    func innerBlock() {
        var config = PublishedShape.twoBillion
        config.featureLayer = .block(11)
        let block = 2 * (4 * 1536 * 1536 + 3 * 1536 * 4096) + 4 * 2 * 1536
        let saved = VisionEncoder.weightBytes(PublishedShape.twoBillion) - VisionEncoder.weightBytes(config)
        #expect(saved == 12 * block + 4 * 1536)
    }

    @Test("grows with the threads by one scratch each")
    func work() throws {
        let one = VisionEncoder.workBytes(PublishedShape.twoBillion, threads: 1)
        let three = VisionEncoder.workBytes(PublishedShape.twoBillion, threads: 3)
        #expect(three - one == 2 * 4 * FullAttention.scratchCount(tokens: 1024, headDim: 128))
        let encoder = try VisionFixtures.encoder("mini-bf16", threads: 2)
        #expect(encoder.workBytes == VisionEncoder.workBytes(encoder.config, threads: 2))
    }
}
