import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import Kernels
import SAILVL2Model

/// `flotilla pack`: quantises a checkpoint once, so that ranks need only read it.
struct PackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Writes a checkpoint whose decoder is quantised, in the layout that ranks compute with.",
        discussion: """
            Any number of ranks finds its shards in the same files. Norms and the vision tower are copied as they are. \
            generate, serve, plan and compare take the directory like any other. With --calibrate the scales of four \
            bits are those with the least error where the model's activations are large, as it reads the file's \
            conversations.
            """
    )

    @OptionGroup var model: ModelOption

    @Option(help: "q8, q4, or q4m: q4 with 8 bits for the matrices that need them most.")
    var format: String

    @Option(
        help: ArgumentHelp(
            "Conversations by which scales of 4 bits are chosen: a line is what generate --batch takes.",
            valueName: "file"
        )
    )
    var calibrate: String?

    @Option(name: .customLong("out"), help: "The directory to write; absent or empty.")
    var output: String

    @Option(help: "Threads; by default all processors.")
    var threads: Int?

    @Flag(help: "Replace a checkpoint that is already in the directory.")
    var force = false

    func run() throws {
        if let threads, !(1...1024).contains(threads) {
            throw UsageError("--threads is \(threads), expected 1 to 1024")
        }
        let checkpoint = try Checkpoint(directory: try model.directory())
        let packer = try packer(checkpoint, WeightFormat(option: format))
        let directory = URL(fileURLWithPath: output)
        let progress = WriteProgress("pack", totalBytes: packer.totalBytes)
        try packer.pool.step { try packer.write(to: directory, replacing: force) { progress.report($0) } }
        progress.finish(directory.path)
    }

    private func packer(_ checkpoint: Checkpoint, _ format: WeightFormat) throws -> CheckpointPacker {
        let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        var (squares, summary): (ActivationSquares?, String?)
        if let calibrate {
            guard format != .q8 else {
                throw UsageError("--calibrate chooses the scales of 4 bits, and --format is q8", hint: "leave it out")
            }
            // What cannot be packed is refused before an hour of reading.
            try PackedCheckpoint(checkpoint, format: format)
                .checkTarget(URL(fileURLWithPath: output), replacing: force)
            let set = try CalibrationSet(file: calibrate, checkpoint)
            summary = set.summary
            squares = try set.collect(checkpoint, threads: threads) { done, all in
                StandardError.say("pack: \(done) of \(all) conversations read\n")
            }
        }
        return try CheckpointPacker(
            checkpoint,
            format: format,
            squares: squares,
            calibration: summary,
            pool: ThreadPool(threads: threads)
        )
    }
}
