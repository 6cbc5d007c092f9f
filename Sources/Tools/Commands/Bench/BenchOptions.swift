import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation
import Kernels

/// What every measurement takes: rounds, and how it prints.
struct BenchOptions: ParsableArguments {
    @Option(help: "Rounds of each measurement, of which the median counts.")
    var rounds = 5

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    func validate() throws {
        if !(1...1000).contains(rounds) { throw ValidationError("--rounds \(rounds) is not in 1...1000") }
    }

    /// Prints rows; nothing on ranks but the first.
    func show(_ rows: [BenchmarkRow], rank: Int = 0) throws {
        guard rank == 0 else { return }
        let report = BenchmarkReport(
            version: Flotilla.configuration.version,
            isa: KernelSet.active.name,
            processor: Self.processorName,
            processors: ProcessInfo.processInfo.activeProcessorCount,
            rows: rows
        )
        StandardOutput.say((json ? try report.json() : report.text()) + "\n")
    }

    static var processorName: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
    }
}

/// Positive numbers with commas, as several options take them.
struct NumberList {
    let values: [Int]

    /// - Throws: `UsageError` naming the option.
    init(_ text: String, option: String, range: ClosedRange<Int>) throws(UsageError) {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = words.compactMap { Int($0) }
        guard numbers.count == words.count, numbers.allSatisfy(range.contains) else {
            throw UsageError(
                "\(option) is \(text), expected numbers from \(range.lowerBound) to \(range.upperBound) with commas"
            )
        }
        values = numbers
    }
}
