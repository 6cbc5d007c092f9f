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
        guard let symbol = dlsym(nil, "flotilla_test_allocations") else { return print("no counter") }
        let count = unsafeBitCast(symbol, to: Counter.self)
        // A prompt of one thread takes ways of its own.
        for (format, threads, tokens) in [(WeightFormat.native, 2, 1), (.q8, 2, 1), (.q8, 1, 12)] {
            let decoder = try Qwen3Decoder(
                checkpoint,
                plan: try ShardPlan(config, ranks: communicator.size),
                options: DecoderOptions(
                    cacheElement: .float16,
                    pages: 8,
                    maxRows: 40,
                    maxLogitsRows: 2,
                    format: format
                ),
                communicator: communicator,
                pool: ThreadPool(threads: threads)
            )
            let most = try most(decoder, tokens: tokens, count)
            print(
                "rank \(communicator.rank): \(most) allocations in a forward pass of \(2 * tokens) tokens in \(format)"
            )
        }
    }

    /// The most that a step of two sequences allocates, once the first ones have made work areas.
    private static func most(_ decoder: Qwen3Decoder, tokens: Int, _ count: Counter) throws -> Int {
        var batch = DecoderBatch(
            tokens: Array(repeating: 5, count: 2 * tokens),
            runs: [.init(start: 0, count: tokens, pages: [0, 1]), .init(start: 0, count: tokens, pages: [2, 3])],
            logitsRows: [0, tokens]
        )
        var most = 0
        for step in 0..<100 / tokens {
            for index in batch.tokens.indices { batch.tokens[index] = Int32(7 + step) }
            for run in 0..<2 { batch.runs[run].start = step * tokens }
            let before = count()
            _ = try decoder.forward(batch)
            if step >= 4 { most = max(most, count() - before) }
        }
        return most
    }
}
