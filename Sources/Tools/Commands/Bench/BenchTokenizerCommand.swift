import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation
import Tokenization

/// `flotilla bench tokenizer`: text to tokens and back.
struct BenchTokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Measures the tokenizer on a text of several scripts, or on a file."
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var bench: BenchOptions

    @Option(help: "A UTF-8 text to measure with.")
    var text: String?

    func run() throws {
        let directory = try model.directory()
        let rows = try TokenizerBenchmark.rows(
            try Tokenizer(directory: directory),
            subject: directory.lastPathComponent,
            text: try text.map(Self.read) ?? TokenizerBenchmark.sampleText,
            rounds: Rounds(count: bench.rounds)
        )
        try bench.show(rows)
    }

    private static func read(_ path: String) throws(UsageError) -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), !text.isEmpty else {
            throw UsageError("--text is \(path), expected a UTF-8 file that is not empty")
        }
        return text
    }
}
