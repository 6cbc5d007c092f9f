import ArgumentParser
import Benchmarks
import Checkpoints
import Diagnostics
import Foundation
import GroupLauncher
import GroupLink
import Kernels
import RankProgram
import Scaling

/// `flotilla scale`: how it grows with ranks, measured or foretold.
struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Measures what more ranks bring, or foretells it for machines that one does not have.",
        discussion: """
            Runs the decoder on one number of ranks after the other, with work that stays the same and with work that \
            grows, then tiles, then a question about a picture, and prints Markdown. With --out also scale.json, scale.md and \
            scale.svg, written after each number of ranks: a run that was interrupted goes on there.

            --predict FILE foretells machines that the file describes, such as \(Cluster.example). Also: decode_share \
            and prefill_share, what of a machine's bandwidth and operations the program reaches.
            """
    )

    @OptionGroup var model: OptionalModelOption

    @Option(help: "With --predict, a published shape instead of --model: sail-vl2-2b or sail-vl2-8b.")
    var shape: String?

    @OptionGroup var launch: LaunchOptions
    @OptionGroup var scale: ScaleOptions

    @Option(parsing: .unconditional, help: "The directory for scale.json, scale.md and scale.svg.")
    var out: String?

    @Option(parsing: .unconditional, help: "Foretell the machines that this file describes, and measure nothing.")
    var predict: String?

    @Flag(help: "Print JSON instead of Markdown.")
    var json = false

    func validate() throws {
        guard (model.model == nil) != (shape == nil) else {
            throw ValidationError(predict == nil ? "give --model" : "give one of --model and --shape")
        }
        if shape != nil, predict == nil { throw ValidationError("--shape goes with --predict") }
    }

    func run() throws {
        if let predict { return try foretell(predict) }
        try ParallelStart.check("scale", ProcessInfo.processInfo.environment)
        guard let place = try model.optionalDirectory() else { return }
        let checkpoint = try Checkpoint(directory: place)
        let hosts = try launch.spec(RankOptions(model: place)).namedHosts()?.hosts ?? []
        let heads = checkpoint.config.decoder.heads
        let count = hosts.isEmpty ? ProcessInfo.processInfo.activeProcessorCount : hosts.count
        let decoders = try scale.decoders(hosts: count, heads: heads)
        let visions = try scale.visions(decoders)
        if scale.turns, let most = (decoders + visions).max(), most > 1, most > hosts.count {
            throw UsageError(
                "--turns takes one rank a host, and \(most) ranks are asked for on \(max(hosts.count, 1))",
                hint: "give a --hostfile of as many hosts, or leave --turns out"
            )
        }
        let format = try checkpoint.format(asked: try scale.format.map { try WeightFormat(option: $0) })
        _ = try scale.pictureFile()
        let directory = try ScaleDirectory(out)
        let record = try directory.record(
            ScaleRecord(setting: setting(checkpoint, hosts, format), note: scale.note, command: commandLine)
        )
        var run = ScaleRun(
            checkpoint: checkpoint,
            options: scale,
            launch: launch,
            directory: directory,
            decoders: decoders,
            visions: visions,
            format: format,
            record: record
        )
        let report = try run.run()
        let text = json ? String(decoding: try report.json(), as: UTF8.self) : report.markdown(picture: nil)
        StandardOutput.say(text)
    }

    private func setting(
        _ checkpoint: Checkpoint,
        _ hosts: [Hostfile.Host],
        _ format: WeightFormat
    ) -> ScaleRecord.Setting {
        ScaleRecord.Setting(
            model: checkpoint.config.modelName,
            fingerprint: String(checkpoint.fingerprint, radix: 16),
            format: format.rawValue,
            threads: scale.threads,
            hosts: hosts.isEmpty ? [Machine.hostName] : hosts.map(\.name),
            inTurns: scale.turns,
            rounds: scale.rounds,
            version: Flotilla.configuration.version,
            processor: BenchOptions.processorName,
            kernels: KernelSet.active.name
        )
    }

    /// As it can be typed again; what is where on this machine does not matter.
    private var commandLine: String {
        let words = CommandLine.arguments.dropFirst().map { word in
            word.hasPrefix("/") ? URL(fileURLWithPath: word).lastPathComponent : word
        }
        var kept: [String] = []
        var isSkipped = false
        for word in words {
            if isSkipped {
                isSkipped = false
            } else if word == "--note" || word == "--out" {
                isSkipped = true
            } else {
                kept.append(word.contains(" ") ? "\"\(word)\"" : word)
            }
        }
        return (["flotilla"] + kept).joined(separator: " ")
    }

    // MARK: - Forecasts

    private func foretell(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError("the file \(path) cannot be read")
        }
        let cluster = try Cluster(data, name: URL(fileURLWithPath: path).lastPathComponent)
        let (config, name) = try shapeOfModel()
        let forecast = try ClusterForecast(
            config.decoder,
            cluster,
            context: scale.context,
            prompt: scale.promptTokens
        )
        let report = ForecastReport(forecast, model: name, command: commandLine)
        let directory = try ScaleDirectory(out)
        let (markdown, data2) = (try report.markdown(picture: "forecast.svg"), try report.json())
        try directory.write(markdown: markdown, json: data2, svg: report.svg, name: "forecast")
        StandardOutput.say(json ? String(decoding: data2, as: UTF8.self) : try report.markdown(picture: nil))
    }

    /// A shape is enough: weights need not be there.
    private func shapeOfModel() throws -> (config: ModelConfig, name: String) {
        let name: String
        let shape: SyntheticShape
        if let published = self.shape {
            guard SyntheticShape.publishedNames.contains(published) else {
                let names = SyntheticShape.publishedNames.joined(separator: " or ")
                throw UsageError("--shape is \(published), expected \(names)", hint: "any other goes with --model")
            }
            (shape, name) = (try SyntheticShape(published), published)
        } else {
            guard let directory = try model.optionalDirectory() else { throw UsageError("give --model or --shape") }
            shape = try SyntheticShape(directory.appendingPathComponent("config.json").path)
            name = directory.lastPathComponent
        }
        return (try shape.modelConfig(named: name), name)
    }
}
