import ArgumentParser
import Benchmarks
import Checkpoints
import Foundation
import Kernels
import SAILVL2Model

/// `flotilla bench vision`: a tile's way through the tower beside the bare matrix products.
struct BenchVisionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vision",
        abstract: "Measures the encoding of a tile against OpenBLAS on its products alone, and multiply-adds."
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var bench: BenchOptions

    @Option(help: "The group's format, of which the tower knows bf16 alone; by default as the checkpoint stores them.")
    var format: String?

    @Option(help: "Threads; by default all processors.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
    }

    func run() throws {
        let blas = try OpenBLAS()
        let checkpoint = try Checkpoint(directory: try model.directory())
        let pool = ThreadPool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let format = try checkpoint.format(asked: try format.map { try WeightFormat(option: $0) })
        let element = PackedRows.Element(format)
        let weights = VisionWeights(checkpoint, element: element, pool: pool)
        var (tiles, products, peaks): ([VisionBenchmark], [Double], [Double]) = ([], [], [])
        // The first round warms up and does not count.
        for round in 0...bench.rounds {
            let tile = VisionBenchmark.run(weights, beside: blas, pool: pool, repetitions: 1)
            guard round > 0 else { continue }
            tiles.append(tile)
            products.append(tile.productSeconds)
            peaks.append(tile.operations / 1e9 / tile.peakGigaflops)
        }
        let seconds = tiles.map(\.tileSeconds)
        let rate = BenchmarkRow.rate(
            "vision",
            checkpoint.config.modelName,
            Rounds.Outcome(seconds: seconds, ideal: peaks),
            amount: (tiles.first?.operations ?? 0) / 1e9,
            unit: "GFLOP/s",
            ceiling: tiles.first?.peakName ?? "multiply-adds"
        )
        let rows = [tileRow(checkpoint, Rounds.Outcome(seconds: seconds, ideal: products)), rate]
        try bench.show(
            rows.map { row in
                var row = row
                (row.format, row.threads) = (element == .float32 ? "native" : format.rawValue, pool.threads)
                row.tokens = .init(each: checkpoint.config.visualTokensPerTile)
                return row
            }
        )
    }

    private func tileRow(_ checkpoint: Checkpoint, _ outcome: Rounds.Outcome) -> BenchmarkRow {
        var row = BenchmarkRow("vision", checkpoint.config.modelName, figure: outcome.seconds, unit: "s a tile")
        row.ceiling = .init("OpenBLAS, products alone", value: outcome.ideal.median, share: outcome.share)
        return row
    }
}
