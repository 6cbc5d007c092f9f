import Checkpoints
import Foundation
import Kernels
import Sharding
import TestSupport
import Testing

@testable import SAILVL2Model

@Suite("DecoderMemory")
struct DecoderMemoryTests {
    @Test("the plan's bytes are those that are loaded, in every format", arguments: PackedFixtures.models)
    func weights(model: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try PackedFixtures.plain(model, in: directory)
            for format in WeightFormat.allCases {
                let packed = format.isQuantised ? try PackedFixtures.packed(plain, format, in: directory) : plain
                for ranks in 1...4 {
                    let plan = try ShardPlan(plain.config.decoder, ranks: ranks)
                    for rank in 0..<ranks {
                        let planned = DecoderMemory.weightBytes(plain, plan: plan, rank: rank, format: format)
                        #expect(
                            DecoderMemory.weightBytes(packed, plan: plan, rank: rank, format: format) == planned
                        )
                        for checkpoint in [plain, packed] {
                            let decoder = try Qwen3Decoder(
                                checkpoint,
                                plan: plan,
                                options: PackedFixtures.options(format),
                                communicator: PackedFixtures.SilentCommunicator(rank: rank, size: ranks),
                                pool: ThreadPool(threads: 1)
                            )
                            #expect(decoder.weightBytes == planned, "\(format), rank \(rank) of \(ranks)")
                        }
                    }
                }
            }
        }
    }
}
