import Kernels
import Testing

@testable import SAILVL2Model

@Suite("The vision benchmark")
struct VisionBenchmarkTests {
    @Test("measures a tile and its products", arguments: [PackedRows.Element.float32, .bfloat16])
    func run(element: PackedRows.Element) throws {
        let pool = ThreadPool(threads: 2)
        let weights = VisionWeights(try VisionFixtures.checkpoint("mini-f32"), element: element, pool: pool)
        let result = VisionBenchmark.run(weights, pool: pool, repetitions: 1)
        #expect(result.threads == 2 && result.element == element)
        #expect(result.tileSeconds > 0 && result.productSeconds > 0)
        #expect(result.operations == VisionProduct.ofTile(weights.config).reduce(0) { $0 + $1.operations })
        #expect(result.peakGigaflops > 0 && !result.blasCore.isEmpty)
        #expect((result.efficiency - result.gigaflops / result.productGigaflops).magnitude < 1e-9)
    }
}
