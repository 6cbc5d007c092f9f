import Checkpoints
import Kernels
import SAILVL2Model
import TestSupport
import Testing

@testable import Benchmarks

@Suite("The vision benchmark")
struct VisionBenchmarkTests {
    @Test("measures a tile and its products", arguments: [PackedRows.Element.float32, .bfloat16, .q8])
    func run(element: PackedRows.Element) throws {
        let pool = ThreadPool(threads: 2)
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let weights = VisionWeights(checkpoint, element: element, pool: pool)
        let result = VisionBenchmark.run(weights, beside: try OpenBLAS(), pool: pool, repetitions: 1)
        #expect(result.threads == 2 && result.element == element)
        let alone = VisionBenchmark.run(weights, beside: nil, pool: pool, repetitions: 1)
        #expect(alone.productSeconds == 0 && alone.tileSeconds > 0)
        #expect(result.tileSeconds > 0 && result.productSeconds > 0 && result.peakGigaflops > 0)
        #expect(result.operations == VisionProduct.ofTile(weights.config).reduce(0) { $0 + $1.operations })
    }

    @Test("lists products that add up to the operations of a SAILViT-Huge's tile")
    func products() {
        let perPatch = 4 * 1536 * 1536 + 3 * 1536 * 4096 + 2 * 1024 * 1536
        let ends = 1024 * 588 * 1536 + 256 * 2048 * (6144 + 2048)
        let operations = VisionProduct.ofTile(PublishedShape.twoBillion).reduce(0) { $0 + $1.operations }
        #expect(operations == Double(2 * (24 * 1024 * perPatch + ends)))
    }
}
