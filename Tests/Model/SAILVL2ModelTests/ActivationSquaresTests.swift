import Checkpoints
import Communication
import Foundation
import Kernels
import Sharding
import TestSupport
import Testing

@testable import SAILVL2Model

@Suite("ActivationSquares")
struct ActivationSquaresTests {
    private static let tokens: [Int32] = (0..<41).map { ($0 * 37 + 5) % 90 }

    /// Collected from a decoder that reads the tokens in steps of `chunk`.
    private static func collected(_ checkpoint: Checkpoint, chunk: Int, threads: Int) throws -> ActivationSquares {
        let options = DecoderOptions(
            cacheElement: .float32,
            pages: KVLayout.pages(for: tokens.count),
            maxRows: chunk,
            maxLogitsRows: chunk
        )
        let decoder = try Qwen3Decoder(
            checkpoint,
            plan: ShardPlan(checkpoint.config.decoder, ranks: 1),
            options: options,
            communicator: SoloCommunicator(),
            pool: ThreadPool(threads: threads)
        )
        let squares = ActivationSquares()
        decoder.workspace.squares = squares
        let pages = (0..<options.pages).map { Int32($0) }
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = start..<min(start + chunk, tokens.count)
            _ = try decoder.forward(
                DecoderBatch(
                    tokens: Array(tokens[part]),
                    runs: [.init(start: start, count: part.count, pages: pages)],
                    logitsRows: Array(0..<part.count)
                )
            )
        }
        return squares
    }

    private static func names(_ config: ModelConfig.Decoder) -> [String] {
        [TensorNames.embedding, TensorNames.head]
            + (0..<config.layers).map(TensorNames.layer)
            .flatMap { [$0.qProj, $0.kProj, $0.vProj, $0.oProj, $0.gateProj, $0.upProj, $0.downProj] }
    }

    @Test("the same numbers for any chunks and threads, one on the average", arguments: ["mini-f32", "mini-bf16"])
    func invariant(model: String) throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url(model))
        let config = checkpoint.config.decoder
        let all = try [(41, 1), (1, 2), (16, 3)].map {
            try Self.collected(checkpoint, chunk: $0.0, threads: $0.1)
        }
        for name in Self.names(config) {
            let found = all.map { $0.importance(of: name, in: config) }
            #expect(found[1] == found[0] && found[2] == found[0], "\(name)")
            // An embedding of its own multiplies nothing; tied, it is the head.
            guard let numbers = found[0] else {
                #expect(name == TensorNames.embedding && !config.tiedEmbeddings)
                continue
            }
            #expect(abs(numbers.reduce(0, +) / Float(numbers.count) - 1) < 1e-4)
            #expect(numbers.allSatisfy { $0 >= 0 } && Set(numbers).count > numbers.count / 2)
        }
    }

    @Test("what the first layer's q, k and v multiply is the normed embedding, by naive loops")
    func truth() throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let config = checkpoint.config.decoder
        let squares = try Self.collected(checkpoint, chunk: 7, threads: 2)
        let table = checkpoint.required(TensorNames.embedding)
        let norm = checkpoint.required(TensorNames.layer(0).inputNorm).floats().map(Double.init)
        var sums = [Double](repeating: 0, count: config.hidden)
        for token in Self.tokens {
            let row = table.floats(rows: Int(token)..<Int(token) + 1).map(Double.init)
            let mean = row.reduce(0) { $0 + $1 * $1 } / Double(row.count)
            for (column, number) in row.enumerated() {
                let normed = number / (mean + Double(config.rmsNormEpsilon)).squareRoot() * norm[column]
                sums[column] += normed * normed
            }
        }
        let mean = sums.reduce(0, +) / Double(sums.count)
        for name in [TensorNames.layer(0).qProj, TensorNames.layer(0).kProj, TensorNames.layer(0).vProj] {
            let found = try #require(squares.importance(of: name, in: config))
            for (one, sum) in zip(found, sums) { #expect(abs(Double(one) - sum / mean) <= 1e-4 * (sum / mean) + 1e-9) }
        }
    }
}
