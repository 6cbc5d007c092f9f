import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Benchmarks

@Suite("The benchmark of a picture's first token")
struct PictureBenchmarkTests {
    /// Operations as whoever multiplies by hand counts them: two for each number of a row and a column, product by product.
    private static func naive(_ config: ModelConfig, tiles: Int, text: Int) -> (prompt: Double, attention: Double) {
        let decoder = config.decoder
        let tokens = tiles * config.visualTokensPerTile + text
        var (prompt, attention) = (0.0, 0.0)
        func multiply(_ rows: Int, _ depth: Int, _ columns: Int) { prompt += 2 * Double(rows * depth * columns) }
        for _ in 0..<decoder.layers {
            multiply(tokens, decoder.hidden, decoder.heads * decoder.headDim)
            for _ in ["k", "v"] { multiply(tokens, decoder.hidden, decoder.kvHeads * decoder.headDim) }
            multiply(tokens, decoder.heads * decoder.headDim, decoder.hidden)
            for _ in ["gate", "up"] { multiply(tokens, decoder.hidden, decoder.intermediate) }
            multiply(tokens, decoder.intermediate, decoder.hidden)
            for token in 0..<tokens {
                // Scores and values: every head, every key up to the token's own.
                attention += 2 * 2 * Double(decoder.heads * decoder.headDim * (token + 1))
            }
        }
        multiply(1, decoder.hidden, decoder.vocabulary)
        return (prompt, attention)
    }

    @Test("operations are those of a count by hand", arguments: [(1, 32), (3, 1), (11, 32)])
    func operations(tiles: Int, text: Int) throws {
        for config in [try Checkpoint(directory: Fixtures.url("mini-f32")).config, PublishedShape.twoBillion] {
            let work = try PictureWork(config, tiles: tiles, text: text)
            let expected = Self.naive(config, tiles: tiles, text: text)
            #expect(abs(work.products / expected.prompt - 1) < 1e-12)
            #expect(abs(work.attention / expected.attention - 1) < 1e-12)
            let ofTiles = Double(tiles) * VisionProduct.ofTile(config).reduce(0) { $0 + $1.operations }
            #expect(abs((work.tower + work.projector) / ofTiles - 1) < 1e-12)
            let tokens = tiles * config.visualTokensPerTile
            let merged = Double(config.mergedFeatures + config.decoder.hidden)
            #expect(abs(work.projector / (2 * Double(tokens * config.decoder.hidden) * merged) - 1) < 1e-12)
            #expect(abs(work.total / (ofTiles + expected.prompt + expected.attention) - 1) < 1e-12)
        }
    }

    @Test("a row a part, shares of what has products, and the sum of all")
    func rows() throws {
        let round = PictureReport.Round(
            seconds: [.decode: 0.5, .tiles: 0.25, .pixels: 0.25, .tower: 8, .projector: 1, .prefill: 10, .choice: 0],
            ideal: [.tower: 6, .projector: 0.5, .prefill: 2]
        )
        let report = PictureReport(
            model: "M",
            tiles: 11,
            tokens: 2848,
            rounds: [round, round, round],
            ceilings: [.tower: "multiply-adds", .projector: "multiply-adds", .prefill: "int8 dots"]
        )
        let rows = report.rows()
        #expect(rows.count == PictureReport.Part.allCases.count + 1)
        #expect(rows.map(\.figure.median) == [0.5, 0.25, 0.25, 8, 1, 10, 0, 20])
        #expect(rows.map { $0.ceiling?.share } == [nil, nil, nil, 0.75, 0.5, 0.2, nil, 8.5 / 20])
        #expect(rows.map { $0.ceiling?.value } == [nil, nil, nil, 6, 0.5, 2, nil, 8.5])
        #expect(rows.allSatisfy { $0.unit == "s" && $0.tokens?.each == 2848 && $0.figure.count == 3 })
        #expect(rows.last?.subject == "M, 11 tiles: first token")
    }

    @Test(
        "grids are as square as their tiles allow",
        arguments: [(1, 1, 1), (5, 2, 2), (7, 3, 2), (8, 7, 1), (11, 5, 2)]
    )
    func grids(tiles: Int, columns: Int, rows: Int) {
        let grid = PictureBenchmark.grid(tiles: tiles)
        #expect(grid.columns == columns && grid.rows == rows)
    }

    @Test("every part of a small model's picture is measured", arguments: [WeightFormat.native, .q8])
    func run(format: WeightFormat) throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        // Chunks end in the middle of a tile.
        let benchmark = try PictureBenchmark(checkpoint, format: format, threads: 2, mostTiles: 7, chunk: 13)
        for tiles in [1, 7] {
            let report = try benchmark.run(tiles: tiles, rounds: 2)
            #expect(report.tiles == tiles && report.rounds.count == 2)
            #expect(report.tokens == tiles * checkpoint.config.visualTokensPerTile + PictureBenchmark.textTokens)
            for round in report.rounds {
                #expect(round.seconds.count == PictureReport.Part.allCases.count)
                #expect(round.seconds.values.allSatisfy { $0 > 0 } && round.ideal.values.allSatisfy { $0 > 0 })
            }
        }
    }
}
