internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Kernels
internal import SAILVL2Model
internal import Sharding

/// The one place where benchmarks say how a decoder is to be held.
enum BenchmarkModel {
    static func decoder(
        _ checkpoint: Checkpoint,
        format: String,
        plan: ShardPlan,
        sizes: DecoderBenchmark.Sizes,
        communicator: any Communicator,
        pool: ThreadPool,
        onProgress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Qwen3Decoder {
        Qwen3Decoder(
            checkpoint,
            plan: plan,
            options: try options(format, sizes),
            communicator: communicator,
            pool: pool,
            onProgress: onProgress
        )
    }

    static func options(_ format: String, _ sizes: DecoderBenchmark.Sizes) throws(UsageError) -> DecoderOptions {
        guard format == "native" else { throw UsageError("--format is \(format), expected native") }
        return DecoderOptions(
            cacheElement: .float16,
            pages: KVLayout.pages(for: sizes.cacheTokens),
            maxRows: sizes.rows,
            maxLogitsRows: sizes.sequences
        )
    }
}
