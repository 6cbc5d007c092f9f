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
        abstract: "Measures the encoding of a tile against OpenBLAS on its products alone, and the processor's peak."
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var bench: BenchOptions

    @Option(help: "The group's format, which says the tower's where --vision-format does not.")
    var format: String?

    @Option(help: "The tower's format; several with commas, such as native,q8, are measured in turns.")
    var visionFormat: String?

    @Option(help: "Threads; by default all processors.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
    }

    func run() throws {
        let checkpoint = try Checkpoint(directory: try model.directory())
        let formats = try formats(checkpoint)
        let blas = try OpenBLAS()
        let pool = ThreadPool(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let towers = formats.map { format in
            Tower(format, VisionWeights(checkpoint, element: PackedRows.Element(format), pool: pool))
        }
        // The first round warms up and does not count.
        for round in 0...bench.rounds {
            var products = 0.0
            for (index, tower) in towers.enumerated() {
                let tile = VisionBenchmark.run(
                    tower.weights,
                    beside: index == 0 ? blas : nil,
                    pool: pool,
                    repetitions: 1
                )
                if index == 0 { products = tile.productSeconds }
                if round > 0 { tower.add(tile, products: products) }
            }
        }
        try bench.show(
            towers.flatMap { tower in
                tower.rows(checkpoint.config.modelName).map { row in
                    var row = row
                    (row.format, row.threads) = (tower.format.rawValue, pool.threads)
                    row.tokens = .init(each: checkpoint.config.visualTokensPerTile)
                    return row
                }
            }
        )
    }

    private func formats(_ checkpoint: Checkpoint) throws -> [VisionFormat] {
        let format = try checkpoint.format(asked: try format.map { try WeightFormat(option: $0) })
        guard let visionFormat else { return [VisionFormat(of: format)] }
        return try visionFormat.split(separator: ",", omittingEmptySubsequences: false)
            .map { try VisionFormat(option: String($0)) }
    }
}

/// A tower in one format, and what was measured of it.
private final class Tower {
    let format: VisionFormat
    let weights: VisionWeights
    private var tiles: [VisionBenchmark] = []
    private var products: [Double] = []

    init(_ format: VisionFormat, _ weights: VisionWeights) { (self.format, self.weights) = (format, weights) }

    /// - Parameter products: seconds of OpenBLAS in the same round.
    func add(_ tile: VisionBenchmark, products: Double) {
        tiles.append(tile)
        self.products.append(products)
    }

    func rows(_ model: String) -> [BenchmarkRow] {
        let seconds = tiles.map(\.tileSeconds)
        let outcome = Rounds.Outcome(seconds: seconds, ideal: products)
        var tile = BenchmarkRow("vision", model, figure: outcome.seconds, unit: "s a tile")
        tile.ceiling = .init("OpenBLAS, products alone", value: outcome.ideal.median, share: outcome.share)
        let rate = BenchmarkRow.rate(
            "vision",
            model,
            Rounds.Outcome(seconds: seconds, ideal: tiles.map { $0.operations / 1e9 / $0.peakGigaflops }),
            amount: (tiles.first?.operations ?? 0) / 1e9,
            unit: "GFLOP/s",
            ceiling: tiles.first?.peakName ?? "multiply-adds"
        )
        return [tile, rate]
    }
}
