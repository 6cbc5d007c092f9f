import ArgumentParser
import Checkpoints
import Foundation
import Kernels
import SAILVL2Model

/// `flotilla bench vision`: a tile's way through the tower beside the bare matrix products.
struct BenchVisionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vision",
        abstract: "Measures the encoding of a tile against what OpenBLAS makes of its matrix products alone."
    )

    @OptionGroup var model: ModelOption

    @Option(help: "Threads; by default all processors.")
    var threads: Int?

    @Option(help: "Tiles to measure, of which the median counts.")
    var rounds = 3

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
        if !(1...1000).contains(rounds) { throw ValidationError("--rounds \(rounds) is not in 1...1000") }
    }

    func run() throws {
        let checkpoint = try Checkpoint(directory: try model.directory())
        let pool = ThreadPool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let weights = VisionWeights(checkpoint, pool: pool)
        let result = VisionBenchmark.run(weights, pool: pool, repetitions: rounds)
        print(json ? try jsonText(result) : table(result, checkpoint.config.modelName))
    }

    private func table(_ result: VisionBenchmark, _ name: String) -> String {
        let numbers = String(
            format: "%.0f ms a tile, %.1f GFLOP/s, %.0f %% of the peak (%.1f)",
            1000 * result.tileSeconds,
            result.gigaflops,
            100 * result.peakShare,
            result.peakGigaflops
        )
        let products = String(
            format: "OpenBLAS's products alone (%@) %.0f ms, %.1f GFLOP/s; share %.0f %%",
            result.blasCore,
            1000 * result.productSeconds,
            result.productGigaflops,
            100 * result.efficiency
        )
        return "vision tower of \(name), \(KernelSet.active.name), threads \(result.threads): \(numbers); \(products)"
    }

    private func jsonText(_ result: VisionBenchmark) throws -> String {
        let fields: [String: Any] = [
            "isa": KernelSet.active.name, "threads": result.threads,
            "tile_s": result.tileSeconds, "gflops": result.gigaflops, "products_s": result.productSeconds,
            "products_gflops": result.productGigaflops, "share": result.efficiency,
            "peak_gflops": result.peakGigaflops, "peak_share": result.peakShare, "blas_core": result.blasCore,
        ]
        let data = try JSONSerialization.data(withJSONObject: fields, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }
}
