import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation

/// `flotilla synth`: a checkpoint of random weights in the published layout, for measuring.
struct SynthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Write a checkpoint of random weights in the published layout, for measuring.",
        discussion: "Its tokenizer knows single bytes only, so that text costs one token a byte."
    )

    @Option(help: "sail-vl2-2b, sail-vl2-8b, or the path of a config.json.")
    var shape: String

    @Option(name: .customLong("out"), help: "The directory to write; absent or empty.")
    var output: String

    @Option(help: "The same seed gives the same bytes.")
    var seed: UInt64 = 0

    @Option(help: "Keep only this many decoder layers.")
    var layers: Int?

    @Flag(help: "Weights and norms with outliers, as trained ones have, for measuring what formats lose.")
    var heavyTails = false

    @Flag(help: "Replace a checkpoint that is already in the directory.")
    var force = false

    func run() throws {
        var shape = try SyntheticShape(shape)
        if let layers { try shape.cutDecoder(layers: layers) }
        let directory = URL(fileURLWithPath: output)
        let checkpoint = try SyntheticCheckpoint(shape, name: directory.lastPathComponent)
        let progress = WriteProgress("synth", totalBytes: checkpoint.totalBytes)
        try checkpoint.write(to: directory, seed: seed, heavyTails: heavyTails, replacing: force) {
            progress.report($0)
        }
        progress.finish(directory.path)
    }
}
