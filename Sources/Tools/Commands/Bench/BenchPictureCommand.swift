import ArgumentParser
import Benchmarks
import Checkpoints
import Foundation

/// `flotilla bench picture`: how long a picture's first token takes, and where the time goes.
struct BenchPictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture",
        abstract: "Measures the time to the first token behind a picture, part by part.",
        discussion: """
            Bytes, pixels, tiles, the tower, the projector and the prompt come one after the other, on all threads of one \
            process. The ceiling of a part is what its products would take at the rate at which the same threads do \
            such operations in registers; decoding and resizing have none.
            """
    )

    @OptionGroup var model: OptionalModelOption
    @OptionGroup var bench: BenchOptions

    @Option(help: "Random weights in a published shape instead of --model: sail-vl2-2b or sail-vl2-8b.")
    var shape: String?

    @Option(help: "How weights are held, which says the tower's format where --vision-format does not.")
    var format: String?

    @Option(help: "The tower's format: native, bf16 or q8.")
    var visionFormat: String?

    @Option(help: "Threads; by default all processors.")
    var threads: Int?

    @Option(help: "Tiles of the picture, the thumbnail included; several with commas.")
    var tiles = "1,11"

    func validate() throws {
        if (model.model == nil) == (shape == nil) { throw ValidationError("give one of --model and --shape") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
    }

    func run() throws {
        let counts = try NumberList(tiles, option: "--tiles", range: 1...100).values
        let directory = try model.optionalDirectory() ?? BenchShape.directory(shape ?? "")
        let checkpoint = try Checkpoint(directory: directory)
        let format = try checkpoint.format(asked: try format.map { try WeightFormat(option: $0) })
        let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let benchmark = try PictureBenchmark(
            checkpoint,
            format: format,
            vision: try visionFormat.map { try VisionFormat(option: $0) },
            threads: threads,
            mostTiles: counts.max() ?? 1
        )
        let rows = try counts.flatMap { try benchmark.run(tiles: $0, rounds: bench.rounds).rows() }
        try bench.show(
            rows.map { row in
                var row = row
                (row.format, row.threads) = (format.rawValue, threads)
                return row
            }
        )
    }
}
