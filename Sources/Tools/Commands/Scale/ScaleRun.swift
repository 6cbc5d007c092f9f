import Checkpoints
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import RankProgram
import Scaling

/// Measures one number of ranks after the other, and writes after each what there is.
struct ScaleRun {
    let checkpoint: Checkpoint
    let options: ScaleOptions
    let launch: LaunchOptions
    let directory: ScaleDirectory
    let decoders: [Int]
    let visions: [Int]
    let format: WeightFormat
    var record: ScaleRecord

    /// A rank may have to read much of a checkpoint from a disk.
    private static let limit = Duration.seconds(3600)

    /// - Returns: the report of everything that was measured, now and before.
    mutating func run() throws -> ScaleReport {
        for ranks in decoders { try measureDecoders(ranks) }
        for ranks in visions where !record.visions.contains(where: { $0.ranks == ranks }) {
            try measureVisions(ranks)
        }
        if let picture = try options.pictureFile(), !visions.isEmpty {
            for ranks in decoders { try measurePicture(ranks, picture) }
        }
        return try write()
    }

    private var report: ScaleReport {
        ScaleReport(record, checkpoint.config.decoder, tokensPerRank: options.tokensPerRank)
    }

    @discardableResult
    private func write() throws -> ScaleReport {
        let report = report
        try directory.write(markdown: report.markdown(picture: "scale.svg"), json: try report.json(), svg: report.svg)
        return report
    }

    private mutating func measureDecoders(_ ranks: Int) throws {
        let works = record.missing(options.works(ranks: ranks, of: decoders), ranks: ranks)
        let name = "\(ranks) decoder \(ranks == 1 ? "rank" : "ranks")"
        guard !works.isEmpty else { return say("\(name): measured before") }
        say("\(name): \(works.map(\.title).joined(separator: ", "))")
        let began = ContinuousClock.now
        let words = ["--works", works.map(\.word).joined(separator: ",")]
        let trial: DecoderTrial = try start(ranks, words, mark: DecoderTrial.mark)
        record.add(trial)
        let report = try write()
        let rate = report.figures.rows.first { $0.ranks == ranks && $0.work.kind == .decode }
        let text = rate.map { String(format: ": %.4g tokens/s", $0.tokensPerSecond) } ?? ""
        say("\(name) in \(Int((ContinuousClock.now - began) / .seconds(1))) s\(text)")
    }

    private mutating func measureVisions(_ ranks: Int) throws {
        say("\(ranks) vision \(ranks == 1 ? "rank" : "ranks"): a tile on each")
        let trial: VisionTrial = try start(ranks, [], mark: VisionTrial.mark)
        record.add(trial)
        try write()
    }

    /// Runs ranks under mpirun, and reads what the first of them says.
    private func start<Trial: Decodable>(_ ranks: Int, _ words: [String], mark: String) throws -> Trial {
        var group = RankOptions(model: checkpoint.directory)
        (group.decoderRanks, group.visionRanks) = (ranks, 0)
        var spec = try launch.spec(group)
        spec.threads = options.threads
        var command = [
            "scale-rank", "--model", checkpoint.directory.path, "--format", format.rawValue, "--ranks", "\(ranks)",
            "--rounds", "\(options.rounds)",
        ]
        if let threads = options.threads { command += ["--threads", "\(threads)"] }
        if options.turns { command.append("--turns") }
        return try HostedTrial(spec).run(
            command + words,
            mark: mark,
            within: Self.limit,
            otherwise: "the ranks have ended without a word of what they measured"
        )
    }

    // MARK: - A question about a picture

    private mutating func measurePicture(_ ranks: Int, _ picture: String) throws {
        let vision = visions.last { $0 <= ranks } ?? visions[0]
        guard !record.pictures.contains(where: { $0.isOf(ranks, vision) }) else { return }
        say("\(ranks) decoder and \(vision) vision ranks: a question about a picture")
        var words = [
            "generate", "--model", checkpoint.directory.path, "--format", format.rawValue, "--mpirun", "--json",
            "--decoder-ranks", "\(ranks)", "--vision-ranks", "\(vision)", "--image", picture,
            "--prompt", "describe the image", "--max-tokens", "1",
        ]
        if let threads = options.threads { words += ["--threads", "\(threads)"] }
        if let hostfile = launch.hostfile { words += ["--hostfile", hostfile] }
        if let arguments = launch.mpirunArgs { words += ["--mpirun-args", arguments] }
        let output = try ChildOutput.of(words)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let answer = try decoder.decode(PictureAnswer.self, from: Data(output.utf8))
        let timing = answer.timing
        record.add(
            PictureTrial(
                decoderRanks: ranks,
                visionRanks: vision,
                tiles: answer.tiles.reduce(0, +),
                promptTokens: answer.promptTokens,
                visionSeconds: timing.visionMs / 1000,
                prefillSeconds: timing.prefillMs / 1000,
                // Before that the ranks were loading.
                firstTokenSeconds: (timing.ttftMs - timing.queueMs) / 1000
            )
        )
        try write()
    }

    private struct PictureAnswer: Decodable {
        struct Timing: Decodable {
            let queueMs, visionMs, prefillMs, ttftMs: Double
        }
        let promptTokens: Int
        let tiles: [Int]
        let timing: Timing
    }

    private func say(_ text: String) { StandardError.say("scale: \(text)\n") }
}

/// This executable once more, for what a process of its own does.
private enum ChildOutput {
    /// - Throws: `LaunchError` if it did not end well; it has said why itself.
    static func of(_ words: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = words
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch {
            throw LaunchError("flotilla could not be started: \(error.localizedDescription)")
        }
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw LaunchError("flotilla \(words[0]) ended with exit code \(process.terminationStatus)")
        }
        return String(decoding: output, as: UTF8.self)
    }
}
