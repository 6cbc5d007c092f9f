internal import Checkpoints
internal import Communication
internal import Kernels
internal import SAILVL2Model
internal import Sharding

/// The one place where benchmarks say how a decoder is to be held.
enum BenchmarkModel {
    static func decoder(
        _ checkpoint: Checkpoint,
        format: WeightFormat,
        plan: ShardPlan,
        sizes: DecoderBenchmark.Sizes,
        wire: WireFormat = .f32,
        communicator: any Communicator,
        pool: ThreadPool,
        onProgress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Qwen3Decoder {
        try Qwen3Decoder(
            checkpoint,
            plan: plan,
            options: options(format, sizes, wire),
            communicator: communicator,
            pool: pool,
            onProgress: onProgress
        )
    }

    static func options(
        _ format: WeightFormat,
        _ sizes: DecoderBenchmark.Sizes,
        _ wire: WireFormat = .f32
    ) -> DecoderOptions {
        DecoderOptions(
            cacheElement: .float16,
            pages: KVLayout.pages(for: sizes.cacheTokens),
            maxRows: sizes.rows,
            maxLogitsRows: sizes.sequences,
            format: format,
            wireFormat: wire
        )
    }
}
