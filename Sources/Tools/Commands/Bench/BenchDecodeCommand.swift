import ArgumentParser
import Benchmarks
import Foundation

/// `flotilla bench decode`: one token after the other, behind contexts of different lengths.
struct BenchDecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Measures decoding with the real decoder against the memory bandwidth.",
        discussion: """
            The ceiling: the bytes of the weights that a step reads, and of the keys and values of the context, at the \
            bandwidth at which the same threads read memory, measured in turns with the steps.
            """
    )

    @OptionGroup var decoder: BenchDecoderOptions
    @OptionGroup var bench: BenchOptions

    @Option(help: "Tokens in the cache already; several with commas, such as 0,2048,16384.")
    var context = "0"

    func run() throws {
        let contexts = try NumberList(context, option: "--context", range: 0...1_000_000).values
        try BenchSteps(decoder, bench).run(
            sizes: .init(cacheTokens: (contexts.max() ?? 0) + 128, rows: 8, sequences: 1)
        ) { benchmark in
            try contexts.map { try benchmark.decode(context: $0) }
        }
    }
}

/// `flotilla bench batch`: several sequences that decode side by side.
struct BenchBatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Measures sequences that decode side by side, which read the weights only once."
    )

    @OptionGroup var decoder: BenchDecoderOptions
    @OptionGroup var bench: BenchOptions

    @Option(help: "Sequences side by side; several with commas.")
    var batch = "1,2,4,8"

    @Option(help: "Tokens in the cache already, for every sequence.")
    var context = 0

    func run() throws {
        let batches = try NumberList(batch, option: "--batch", range: 1...1024).values
        let context = try NumberList("\(context)", option: "--context", range: 0...1_000_000).values[0]
        let most = batches.max() ?? 1
        try BenchSteps(decoder, bench).run(
            sizes: .init(cacheTokens: most * (context + 128), rows: most, sequences: most)
        ) { benchmark in
            try batches.map { try benchmark.decode(sequences: $0, context: context) }
        }
    }
}

/// `flotilla bench prefill`: a prompt in one step.
struct BenchPrefillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefill",
        abstract: "Measures prompts with the real decoder against the rate of multiply-adds.",
        discussion: """
            The ceiling: the operations of the layers' products at the rate at which the same threads do float32 \
            multiply-adds in registers, or products of eight-bit integers where weights are quantised.
            """
    )

    @OptionGroup var decoder: BenchDecoderOptions
    @OptionGroup var bench: BenchOptions

    @Option(help: "Tokens of the prompt, computed in one step; several with commas.")
    var tokens = "256"

    @Option(help: "Tokens in the cache already.")
    var context = 0

    func run() throws {
        let lengths = try NumberList(tokens, option: "--tokens", range: 1...4096).values
        let context = try NumberList("\(context)", option: "--context", range: 0...1_000_000).values[0]
        let most = lengths.max() ?? 1
        try BenchSteps(decoder, bench).run(
            sizes: .init(cacheTokens: context + most + 64, rows: most, sequences: 1)
        ) { benchmark in
            try lengths.map { try benchmark.prefill(tokens: $0, context: context) }
        }
    }
}

/// What the measurements of steps have in common: checks, ranks, loading, printing.
private struct BenchSteps {
    private let decoder: BenchDecoderOptions
    private let bench: BenchOptions

    init(_ decoder: BenchDecoderOptions, _ bench: BenchOptions) { (self.decoder, self.bench) = (decoder, bench) }

    func run(sizes: DecoderBenchmark.Sizes, _ measure: (DecoderBenchmark) throws -> [BenchmarkRow]) throws {
        let setting = try decoder.setting()
        try setting.launcher.run(ranks: decoder.ranks, threads: setting.threads) { group in
            let benchmark = try DecoderBenchmark(
                setting.checkpoint,
                format: setting.format,
                sizes: sizes,
                threads: setting.threads,
                rounds: Rounds(count: bench.rounds),
                group: group
            )
            try bench.show(try measure(benchmark), rank: group.rank)
        }
    }
}
