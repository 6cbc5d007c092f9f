import ArgumentParser

/// Measures; one subcommand for each thing that can be measured.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures what this machine and this program do.",
        subcommands: [BenchServeCommand.self, BenchKernelsCommand.self, BenchVisionCommand.self]
    )
}
