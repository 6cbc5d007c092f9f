import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation
import Kernels

/// `flotilla bench machine`: what everything else is compared with.
struct BenchMachineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine",
        abstract: "Measures the machine: memory bandwidth, multiply-adds, OpenBLAS."
    )

    @OptionGroup var bench: BenchOptions

    @Option(help: "Threads; several with commas; by default from one to all processors, doubling.")
    var threads: String?

    @Option(help: "Megabytes that are read in a round; far more than the caches hold.")
    var megabytes = 512

    func run() throws {
        let megabytes = try NumberList("\(megabytes)", option: "--megabytes", range: 1...1_000_000).values[0]
        let counts = try threads.map { try NumberList($0, option: "--threads", range: 1...1024).values } ?? doubling
        let benchmark = MachineBenchmark(rounds: bench.rounds)
        let blas = try? OpenBLAS()
        if blas == nil {
            StandardError.say("flotilla: no OpenBLAS here, so its row is left out\n")
        }
        try bench.show(counts.flatMap { benchmark.rows(threads: $0, bytes: megabytes << 20, blas: blas) })
    }

    private var doubling: [Int] {
        let all = ProcessInfo.processInfo.activeProcessorCount
        return Array(Set(sequence(first: 1) { $0 * 2 }.prefix { $0 < all } + [all])).sorted()
    }
}
