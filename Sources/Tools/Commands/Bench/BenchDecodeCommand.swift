import ArgumentParser
import Benchmarks
import Checkpoints
import Diagnostics
import Foundation
import Sharding

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

    @Option(
        help: ArgumentHelp(
            "Measures whole steps, sampled and greedy in turns, such as 0.6,0.95,20; and counts what ranks gather.",
            valueName: "temperature,top-p,top-k"
        )
    )
    var sampling: String?

    @Option(
        help: ArgumentHelp(
            "Measures steps that check drafts, and steps that do not, in turns, such as 4,0.7: so many tokens a draft, each "
                + "right with that probability if those before it are. What is drafted is made up.",
            valueName: "length,acceptance"
        )
    )
    var speculate: String?

    @Option(
        help: """
            With --speculate: a checkpoint, or sail-vl2-2b, whose decoder computes as many tokens as a draft has before each \
            step, so that drafts cost what they cost; they are made up all the same.
            """
    )
    var draft: String?

    @Option(help: "How its weights are held, as --format.")
    var draftFormat: String?

    @Option(help: "With --sampling: sequences side by side; several with commas.")
    var sequences = "1,8"

    func validate() throws {
        if sampling != nil, speculate != nil { throw ValidationError("give one of --sampling and --speculate") }
        if draft != nil, speculate == nil { throw ValidationError("--draft goes with --speculate") }
        if draftFormat != nil, draft == nil { throw ValidationError("--draft-format goes with --draft") }
    }

    func run() throws {
        let contexts = try NumberList(context, option: "--context", range: 0...1_000_000).values
        let most = contexts.max() ?? 0
        if let sampling {
            let choice = try Self.choice(sampling)
            let counts = try NumberList(sequences, option: "--sequences", range: 1...1024).values
            let sequences = counts.max() ?? 1
            return try BenchSteps(decoder, bench).run(
                sizes: .init(cacheTokens: sequences * (most + 128), rows: max(8, sequences), sequences: sequences)
            ) { benchmark in
                try contexts.flatMap { context in
                    try counts.flatMap { try benchmark.sampled(sequences: $0, context: context, choice) }
                }
            }
        }
        if let speculate {
            let drafts = try Self.drafts(speculate)
            let rows = drafts.length + 1
            return try BenchSteps(decoder, bench).run(
                sizes: .init(cacheTokens: most + 128, rows: rows, sequences: rows),
                draft: try drafter()
            ) { benchmark, drafter in
                try contexts.flatMap { try benchmark.speculated(context: $0, drafts, by: drafter) }
            }
        }
        try BenchSteps(decoder, bench).run(
            sizes: .init(cacheTokens: most + 128, rows: 8, sequences: 1)
        ) { benchmark in
            try contexts.map { try benchmark.decode(context: $0) }
        }
    }

    private func drafter() throws -> (checkpoint: Checkpoint, format: WeightFormat)? {
        guard let draft else { return nil }
        let checkpoint = try Checkpoint(directory: try BenchShape.directory(named: draft))
        let format = try draftFormat.map { try WeightFormat(option: $0, of: "--draft-format") }
        return (checkpoint, try checkpoint.format(asked: format))
    }

    private static func drafts(_ text: String) throws -> DecoderBenchmark.Drafts {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        guard words.count == 2, let length = Int(words[0]), (1...16).contains(length),
            let acceptance = Double(words[1]), (0...1).contains(acceptance)
        else {
            throw UsageError(
                "--speculate is \(text), expected tokens of a draft, 1 to 16, and how likely each is right, such as 4,0.7"
            )
        }
        return DecoderBenchmark.Drafts(length: length, acceptance: acceptance)
    }

    private static func choice(_ text: String) throws -> DecoderBenchmark.Choice {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        guard words.count == 3, let temperature = Float(words[0]), temperature > 0, temperature <= 100,
            let topP = Float(words[1]), topP > 0, topP <= 1, let topK = Int32(words[2]), topK >= 0
        else {
            throw UsageError(
                "--sampling is \(text), expected temperature, top-p and top-k with commas, such as 0.6,0.95,20",
                hint: "1 turns top-p off, 0 top-k"
            )
        }
        return DecoderBenchmark.Choice(temperature: temperature, topP: topP, topK: topK)
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
        try run(sizes: sizes, draft: nil) { benchmark, _ in try measure(benchmark) }
    }

    /// - Parameter draft: a decoder besides, whole steps of which are measured together with the other's.
    func run(
        sizes: DecoderBenchmark.Sizes,
        draft: (checkpoint: Checkpoint, format: WeightFormat)?,
        _ measure: (DecoderBenchmark, DecoderBenchmark?) throws -> [BenchmarkRow]
    ) throws {
        let setting = try decoder.setting()
        if let draft { _ = try ShardPlan(draft.checkpoint.config.decoder, ranks: decoder.ranks) }
        try setting.launcher.run(ranks: decoder.ranks, threads: setting.threads) { group in
            func load(_ checkpoint: Checkpoint, _ format: WeightFormat) throws -> DecoderBenchmark {
                try DecoderBenchmark(
                    checkpoint,
                    format: format,
                    sizes: sizes,
                    wire: setting.wire,
                    shares: setting.shares,
                    threads: setting.threads,
                    rounds: Rounds(count: bench.rounds),
                    group: group
                )
            }
            let benchmark = try load(setting.checkpoint, setting.format)
            let drafter = try draft.map { try load($0.checkpoint, $0.format) }
            try bench.show(try measure(benchmark, drafter), rank: group.rank)
        }
    }
}
