import Checkpoints
import Communication
import Foundation
import Kernels
import SAILVL2Model
import Sharding

/// Counts what decode steps allocate, with the counter that the test has preloaded.
enum ForwardCount {
    private typealias Counter = @convention(c) () -> Int

    static func run(_ directory: String, _ communicator: any Communicator) throws {
        let checkpoint = try Checkpoint(directory: URL(fileURLWithPath: directory))
        let config = checkpoint.config.decoder
        let decoder = try Qwen3Decoder(
            checkpoint,
            plan: try ShardPlan(config, ranks: communicator.size),
            options: DecoderOptions(cacheElement: .float16, pages: 8, maxRows: 40, maxLogitsRows: 2),
            communicator: communicator,
            pool: ThreadPool(threads: 2)
        )
        guard let symbol = dlsym(nil, "flotilla_test_allocations") else { return print("no counter") }
        let count = unsafeBitCast(symbol, to: Counter.self)
        var batch = DecoderBatch(
            tokens: [5, 6],
            runs: [.init(start: 0, count: 1, pages: [0, 1]), .init(start: 0, count: 1, pages: [2, 3])],
            logitsRows: [0, 1]
        )
        var most = 0
        for step in 0..<100 {
            for run in 0..<2 {
                batch.tokens[run] = Int32(7 + step)
                batch.runs[run].start = step
            }
            let before = count()
            _ = try decoder.forward(batch)
            // The first steps make work areas.
            if step >= 4 { most = max(most, count() - before) }
        }
        print("rank \(communicator.rank): \(most) allocations in a forward pass")
    }
}
