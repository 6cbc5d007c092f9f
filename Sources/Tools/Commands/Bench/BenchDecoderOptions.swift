import ArgumentParser
import Benchmarks
import Checkpoints
import Diagnostics
import Foundation
import Kernels
import Sharding

/// Which decoder is measured, on how many ranks and threads.
struct BenchDecoderOptions: ParsableArguments {
    @OptionGroup var model: OptionalModelOption

    @Option(help: "Random weights in a published shape instead of --model: sail-vl2-2b or sail-vl2-8b.")
    var shape: String?

    @Option(
        help:
            "How the decoder's weights are held: native, bf16, q8, q4 or q4m; by default as the checkpoint stores them."
    )
    var format: String?

    @Option(help: "Ranks that share the decoder; more than one are started under mpirun on this host.")
    var ranks = 1

    @Option(help: "How partial sums travel between hosts: \(WireFormat.names).")
    var wireFormat = WireFormat.f32.rawValue

    @Option(help: "How the decoder is shared: equal, by relative speeds such as 2,1, or auto: as measured first.")
    var shares = "equal"

    @Option(help: "Threads of each rank; by default a fair share of the host's processors.")
    var threads: Int?

    func validate() throws {
        if (model.model == nil) == (shape == nil) { throw ValidationError("give one of --model and --shape") }
        if !(1...4096).contains(ranks) { throw ValidationError("--ranks \(ranks) is not in 1...4096") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
    }

    /// What the options come to.
    struct Setting {
        let checkpoint: Checkpoint
        let format: WeightFormat
        let launcher: BenchmarkLauncher
        let threads: Int
        let wire: WireFormat
        let shares: DecoderBenchmark.Shares
    }

    /// Opens the checkpoint and checks that it can be had as asked, before any rank is started.
    func setting() throws -> Setting {
        let launcher = BenchmarkLauncher()
        let checkpoint = try Checkpoint(directory: try directory())
        _ = try ShardPlan(checkpoint.config.decoder, ranks: ranks)
        return Setting(
            checkpoint: checkpoint,
            format: try checkpoint.format(asked: try format.map { try WeightFormat(option: $0) }),
            launcher: launcher,
            threads: launcher.threads(asked: threads, ranks: ranks),
            wire: try WireFormat(option: wireFormat),
            shares: try division()
        )
    }

    private func division() throws -> DecoderBenchmark.Shares {
        if shares == "equal" { return .equal }
        if shares == "auto" { return .measured }
        return .speeds(try RelativeSpeeds.read(shares, of: "--shares", ranks: ranks, or: ["auto", "equal"]))
    }

    private func directory() throws -> URL {
        if let directory = try model.optionalDirectory() { return directory }
        return try BenchShape.directory(shape ?? "")
    }
}

/// Checkpoints of random weights that were made up for measuring, and are kept for the next time.
enum BenchShape {
    /// The directory of a checkpoint, or of a published shape.
    static func directory(named name: String) throws -> URL {
        try SyntheticShape.publishedNames.contains(name) ? directory(name) : ModelDirectory.find(name)
    }

    /// The directory of a published shape under the user's cache directory; written first if it is not there.
    static func directory(_ shape: String) throws -> URL {
        guard SyntheticShape.publishedNames.contains(shape) else {
            throw UsageError(
                "--shape is \(shape), expected \(SyntheticShape.publishedNames.joined(separator: " or "))",
                hint: "any other checkpoint goes with --model"
            )
        }
        let directory = cache.appendingPathComponent("flotilla/shapes/\(shape)", isDirectory: true)
        let config = directory.appendingPathComponent("config.json")
        guard !FileManager.default.fileExists(atPath: config.path) else { return directory }
        let checkpoint = try SyntheticCheckpoint(try SyntheticShape(shape), name: shape)
        let size = checkpoint.totalBytes / 1_000_000
        say("writing \(size) MB of random weights to \(directory.path), which are kept for the next time")
        try checkpoint.write(to: directory, seed: 0)
        return directory
    }

    private static var cache: URL {
        if let path = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        return FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache", isDirectory: true)
    }

    private static func say(_ text: String) { StandardError.say("bench: \(text)\n") }
}
