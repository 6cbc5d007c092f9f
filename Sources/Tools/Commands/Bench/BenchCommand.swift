import ArgumentParser

/// Measures; one subcommand for each thing that can be measured.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures what this machine and this program do.",
        discussion: """
            Figures are medians of rounds, with the lowest and the highest beside them. A ceiling is measured in turns \
            with what it is compared with; the share is the median of the rounds' ratios.
            """,
        subcommands: [
            BenchMachineCommand.self, BenchKernelsCommand.self, BenchDecodeCommand.self, BenchPrefillCommand.self,
            BenchBatchCommand.self, BenchVisionCommand.self, BenchPictureCommand.self, BenchAllReduceCommand.self,
            BenchLoadCommand.self, BenchTokenizerCommand.self, BenchServeCommand.self,
        ]
    )
}
