import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation

/// `flotilla bench load`: from the start of a process until it could compute.
struct BenchLoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Measures the loading of the decoder, and its memory against the plan.",
        discussion: """
            Each round starts the ranks anew. The ceiling is reading every byte of the weight files, from the page \
            cache as far as they fit.
            """
    )

    @OptionGroup var decoder: BenchDecoderOptions
    @OptionGroup var bench: BenchOptions

    @Flag(help: .hidden)
    var once = false

    func run() throws {
        let setting = try decoder.setting()
        let benchmark = LoadBenchmark(
            setting.checkpoint,
            format: setting.format,
            ranks: decoder.ranks,
            threads: setting.threads
        )
        guard once else {
            let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let arguments = CommandLine.arguments.dropFirst() + ["--once"]
            return try bench.show(
                try benchmark.rows(executable: executable, arguments: Array(arguments), rounds: bench.rounds)
            )
        }
        try setting.launcher.run(ranks: decoder.ranks, threads: setting.threads) { group in
            let loaded = try benchmark.once(in: group)
            guard group.rank == 0 else { return }
            let line = try JSONEncoder().encode(loaded) + Data("\n".utf8)
            StandardOutput.write(line)
        }
    }
}
