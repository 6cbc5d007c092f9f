import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation
import Kernels

/// `flotilla bench kernels`: the decoder's kernels beside the ceilings of this machine.
struct BenchKernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Measures the decoder's kernels against the memory bandwidth and arithmetic peak of this machine."
    )

    @Option(help: "Threads; by default one, then all processors.")
    var threads: Int?

    @Option(help: "Rounds of each measurement, of which the median counts.")
    var rounds = 7

    @Flag(help: "One JSON array instead of a table.")
    var json = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
        if !(1...1000).contains(rounds) { throw ValidationError("--rounds \(rounds) is not in 1...1000") }
    }

    func run() throws {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let counts = threads.map { [$0] } ?? Set([1, processors]).sorted()
        let measurements = counts.flatMap(measure)
        StandardOutput.write((json ? try jsonText(measurements) : table(measurements)) + "\n")
    }

    private func measure(threads: Int) -> [KernelBenchmark.Measurement] {
        let benchmark = KernelBenchmark(threads: threads, rounds: rounds)
        return [
            benchmark.decode(.bfloat16), benchmark.decode(.float16), benchmark.decode(.float32),
            benchmark.decode(.bfloat16, tokens: 2), benchmark.decode(.bfloat16, tokens: 4),
            benchmark.decode(.bfloat16, tokens: 8),
            benchmark.decode(.bfloat16Pairs), benchmark.decode(.bfloat16Pairs, tokens: 2),
            benchmark.decode(.bfloat16Pairs, tokens: 4), benchmark.decode(.bfloat16Pairs, tokens: 8),
            benchmark.attention(.float16, context: 2048), benchmark.attention(.float16, context: 16_384),
            benchmark.attention(.q8, context: 16_384),
            benchmark.attentionPrefill(.float16), benchmark.attentionPrefill(.float16, heads: 32),
            benchmark.prefill(.bfloat16), benchmark.prefill(.float16), benchmark.prefill(.float32),
            benchmark.prefill(.bfloat16, tokens: 32),
            benchmark.prefill(.bfloat16Pairs), benchmark.prefill(.bfloat16Pairs, tokens: 32),
            benchmark.decode(.q8), benchmark.decode(.q8, tokens: 8), benchmark.decode(.q4),
            benchmark.decode(.q4, tokens: 8),
            benchmark.prefill(.q8), benchmark.prefill(.q4), benchmark.prefill(.q8, tokens: 8),
            benchmark.prefill(.q4, tokens: 8),
        ]
    }

    private func table(_ measurements: [KernelBenchmark.Measurement]) -> String {
        let lines = measurements.map { row in
            let name = row.name.padding(toLength: 44, withPad: " ", startingAt: 0)
            let numbers = String(
                format: "%7d %9.1f %9.1f %6.0f %%",
                row.threads,
                row.value,
                row.ceiling,
                100 * row.share
            )
            return "\(name) \(numbers)  \(row.unit)"
        }
        let header = "kernel (\(KernelSet.active.name))".padding(toLength: 44, withPad: " ", startingAt: 0)
        return ([header + " threads  measured   ceiling    share  unit"] + lines).joined(separator: "\n")
    }

    private func jsonText(_ measurements: [KernelBenchmark.Measurement]) throws -> String {
        let rows = measurements.map { row -> [String: Any] in
            [
                "kernel": row.name, "isa": KernelSet.active.name, "threads": row.threads, "measured": row.value,
                "ceiling": row.ceiling, "share": row.share, "unit": row.unit,
            ]
        }
        let data = try JSONSerialization.data(withJSONObject: rows, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }
}
