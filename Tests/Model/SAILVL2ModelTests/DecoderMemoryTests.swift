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

    @Test("cosines and sines of every position that the cache has room for are there before the first step")
    func rotary() throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let config = checkpoint.config.decoder
        for pages in [1, 3, 1 << 12] {
            let decoder = try Qwen3Decoder(
                checkpoint,
                plan: try ShardPlan(config, ranks: 1),
                options: DecoderOptions(cacheElement: .float16, pages: pages, maxRows: 8, maxLogitsRows: 1),
                communicator: PackedFixtures.SilentCommunicator(rank: 0, size: 1),
                pool: ThreadPool(threads: 2)
            )
            let positions = min(pages * KVLayout.pageTokens, config.maxPositions)
            #expect(decoder.workspace.rotary.positions == positions)
            // The last that there can be.
            let own = (0..<Int32(KVLayout.pages(for: positions))).map { $0 }
            let batch = DecoderBatch(
                tokens: [1, 2],
                runs: [.init(start: positions - 2, count: 2, pages: own)],
                logitsRows: [1]
            )
            _ = try decoder.forward(batch)
            #expect(decoder.workspace.rotary.positions == positions)
        }
    }
}
