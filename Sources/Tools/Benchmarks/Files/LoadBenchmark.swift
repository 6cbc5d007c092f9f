package import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import Kernels
internal import SAILVL2Model
internal import Sharding

/// How long ranks take from the start of their process until they could compute, and what memory it takes at most.
package struct LoadBenchmark {
    private let checkpoint: Checkpoint
    private let format: WeightFormat
    private let ranks: Int
    private let threads: Int

    package init(_ checkpoint: Checkpoint, format: WeightFormat, ranks: Int, threads: Int) {
        (self.checkpoint, self.format, self.ranks, self.threads) = (checkpoint, format, ranks, threads)
    }

    /// What a process that has loaded says, in one line of JSON.
    package struct Loaded: Codable, Sendable {
        /// The largest of the ranks' peaks of private memory, and what was planned for that rank.
        package let peakBytes, plannedBytes: Int
    }

    private static let sizes = DecoderBenchmark.Sizes(cacheTokens: 8192, rows: 264, sequences: 8)

    /// Loads this rank's shard once.
    ///
    /// Collective.
    package func once(in group: BenchmarkGroup) throws -> Loaded {
        let plan = try ShardPlan(checkpoint.config.decoder, ranks: group.size)
        var peak = 0
        let decoder = try BenchmarkModel.decoder(
            checkpoint,
            format: format,
            plan: plan,
            sizes: Self.sizes,
            communicator: group.communicator,
            pool: ThreadPool(threads: threads),
            onProgress: { _, _ in peak = max(peak, Self.privateBytes) }
        )
        peak = max(peak, Self.privateBytes)
        // The cache is reserved, and comes with the first tokens.
        let work = DecoderWorkspace.workBytes(
            checkpoint.config.decoder,
            plan: plan,
            rank: group.rank,
            options: BenchmarkModel.options(format, Self.sizes)
        )
        let peaks = try group.all(Double(peak))
        let planned = try group.all(Double(decoder.weightBytes + work))
        let worst = peaks.indices.max { peaks[$0] < peaks[$1] } ?? 0
        return Loaded(peakBytes: Int(peaks[worst]), plannedBytes: Int(planned[worst]))
    }

    /// Starts `executable arguments` in each round, which must print what `once` returns, and rows of what it took.
    package func rows(executable: String, arguments: [String], rounds: Int) throws -> [BenchmarkRow] {
        let decoderBytes = Double(checkpoint.decoderBytes)
        var (seconds, ideals, peaks): ([Double], [Double], [Double]) = ([], [], [])
        var planned = 0
        // The first round warms the page cache, as far as the files fit, and does not count.
        for round in 0...rounds {
            let reading = try FileReading(directory: checkpoint.directory).seconds(threads: threads)
            let (loaded, time) = try start(executable, arguments)
            guard round > 0 else { continue }
            seconds.append(time)
            ideals.append(reading * decoderBytes / Double(checkpoint.totalBytes))
            peaks.append(Double(loaded.peakBytes))
            planned = loaded.plannedBytes
        }
        let outcome = Rounds.Outcome(seconds: seconds, ideal: ideals)
        let name = checkpoint.config.modelName
        let gibibyte = 1_073_741_824.0
        var memory = BenchmarkRow("load memory", name, figure: Spread(peaks).mapped { $0 / gibibyte }, unit: "GiB")
        memory.ceiling = .init(
            "plan, weights and work areas",
            value: Double(planned) / gibibyte,
            share: Spread(peaks).median / Double(planned)
        )
        let ready = BenchmarkRow("load", name, figure: outcome.seconds, unit: "s to ready")
        let rate = BenchmarkRow.rate(
            "load",
            name,
            outcome,
            amount: decoderBytes / 1e9,
            unit: "GB/s",
            ceiling: "reading the files"
        )
        return [ready, rate, memory].map { row in
            var row = row
            (row.format, row.ranks, row.threads) = (format.rawValue, ranks, threads)
            return row
        }
    }

    /// - Returns: what the process said, and the seconds from its start until then.
    private func start(_ executable: String, _ arguments: [String]) throws -> (Loaded, Double) {
        let began = ContinuousClock.now
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        // Its end comes later: giving memory back takes time too.
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            line += more
        }
        let time = (ContinuousClock.now - began) / .seconds(1)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw LoadFailed(status: process.terminationStatus) }
        return (try JSONDecoder().decode(Loaded.self, from: line), time)
    }

    /// Resident memory of this process that is not pages of files.
    static var privateBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let lines = status.split(separator: "\n").filter { $0.hasPrefix("RssAnon:") || $0.hasPrefix("RssShmem:") }
        return lines.reduce(0) { sum, line in
            let words = line.split { $0 == " " || $0 == "\t" }
            return sum + 1024 * (words.count > 1 ? Int(words[1]) ?? 0 : 0)
        }
    }
}

/// A process that was to load the checkpoint ended with an error, which it said on standard error.
private struct LoadFailed: OperatorError {
    let status: Int32
    var description: String { "the process that loads the checkpoint ended with exit code \(status)" }
    var hint: String? { nil }
    var exitCode: ExitCode { ExitCode(rawValue: status) ?? .internalError }
}
