import Checkpoints
import Kernels
import SAILVL2Model
import TestSupport
import Testing

@testable import Benchmarks

@Suite("The vision benchmark")
struct VisionBenchmarkTests {
    @Test("measures a tile and its products", arguments: [PackedRows.Element.float32, .bfloat16])
    func run(element: PackedRows.Element) throws {
        let pool = ThreadPool(threads: 2)
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let weights = VisionWeights(checkpoint, element: element, pool: pool)
        let result = VisionBenchmark.run(weights, beside: try OpenBLAS(), pool: pool, repetitions: 1)
        #expect(result.threads == 2 && result.element == element)
        #expect(result.tileSeconds > 0 && result.productSeconds > 0 && result.peakGigaflops > 0)
        #expect(result.operations == VisionProduct.ofTile(weights.config).reduce(0) { $0 + $1.operations })
    }

    @Test("lists products that add up to the operations of a SAILViT-Huge's tile")
    func products() {
        let huge = ModelConfig(
            decoder: .init(
                layers: 28,
                hidden: 2048,
                heads: 16,
                kvHeads: 8,
                headDim: 128,
                intermediate: 6144,
                vocabulary: 151_936,
                maxPositions: 40_960,
                ropeTheta: 1e6,
                rmsNormEpsilon: 1e-6,
                tiedEmbeddings: true
            ),
            vision: .init(
                layers: 24,
                hidden: 1536,
                heads: 12,
                intermediate: 4096,
                patchSize: 14,
                imageSize: 448,
                rmsNormEpsilon: 1e-5,
                qkvBias: false,
                useBias: false
            ),
            images: .init(maxTiles: 10, tileSide: 448, mean: [0, 0, 0], std: [1, 1, 1]),
            modelName: "SAIL-VL2-2B"
        )
        let perPatch = 4 * 1536 * 1536 + 3 * 1536 * 4096 + 2 * 1024 * 1536
        let ends = 1024 * 588 * 1536 + 256 * 2048 * (6144 + 2048)
        let operations = VisionProduct.ofTile(huge).reduce(0) { $0 + $1.operations }
        #expect(operations == Double(2 * (24 * 1024 * perPatch + ends)))
    }
}
