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
            generate, serve, plan and compare take the directory like any other.
            """
    )

    @OptionGroup var model: ModelOption

    @Option(help: "q8 or q4.")
    var format: String

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
        let pool = ThreadPool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let packer = try CheckpointPacker(checkpoint, format: WeightFormat(option: format), pool: pool)
        let directory = URL(fileURLWithPath: output)
        let progress = WriteProgress("pack", totalBytes: packer.totalBytes)
        try pool.step { try packer.write(to: directory, replacing: force) { progress.report($0) } }
        progress.finish(directory.path)
    }
}
