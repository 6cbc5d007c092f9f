import Checkpoints
import Kernels
import TestSupport
import Testing

@testable import SAILVL2Model

@Suite("DecodeProbe")
struct DecodeProbeTests {
    @Test("multiplies by weights of every format, and counts them", arguments: WeightFormat.allCases)
    func everyFormat(format: WeightFormat) throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-bf16"))
        let config = checkpoint.config.decoder
        for ranks in [1, 3] {
            let probe = DecodeProbe(
                checkpoint,
                format: format,
                ranks: ranks,
                bytes: 100_000,
                pool: ThreadPool(threads: 2)
            )
            let rows = max(16, 2 * config.intermediate / ranks)
            let first = probe.multiply()
            #expect(first > 0 && first % (rows * config.hidden) == 0 && probe.multiply() == first)
        }
    }
}
