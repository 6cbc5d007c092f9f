import Checkpoints
import Kernels
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("The decoder against the PyTorch reference")
struct GoldenDecoderTests {
    /// Float32 sums of up to 320 terms in another order than PyTorch's, through four layers.
    static let logitsTolerance: Float = 2e-3

    struct Setting: CustomTestStringConvertible, Sendable {
        var model: String
        var chunk: Int
        var threads: Int
        var testDescription: String { "\(model), chunks of \(chunk), \(threads) threads" }
    }

    static let settings = Golden.models.flatMap { model in
        [Setting(model: model, chunk: 256, threads: 2), Setting(model: model, chunk: 7, threads: 3)]
    }

    static func imageToken(_ model: String) -> Int32 { model == "mini-f32" ? 728 : 928 }

    /// Puts an image's visual tokens in line, tile by tile, the last tile first: tiles may come in any order.
    static func deliver(_ solo: SoloDecoder, _ request: GenerateJob, visual: [Float], perTile: Int, hidden: Int) {
        var first = 0
        for image in request.images {
            for tile in (0..<(image.positions.count / perTile)).reversed() {
                let header = TileHeader(
                    source: 0,
                    image: image.number,
                    offset: Int32(tile * perTile),
                    tokens: Int32(perTile)
                )
                let start = (first + tile * perTile) * hidden
                solo.queue.waiting.append((header, Array(visual[start..<(start + perTile * hidden)])))
            }
            first += image.positions.count
        }
    }

    @Test("all conversations: every greedy token, logits within 2e-3", arguments: settings)
    func goldenConversations(setting: Setting) throws {
        let golden = try Golden(setting.model)
        let config = try Checkpoint(directory: golden.directory).config
        for conversation in golden.cases {
            let solo = try SoloDecoder(golden.directory, chunk: setting.chunk, threads: setting.threads)
            let request = GenerateJob(
                conversation,
                imageToken: Self.imageToken(setting.model),
                perTile: config.visualTokensPerTile
            )
            let visual = golden.tensor("\(conversation.name).visual_tokens") ?? []
            Self.deliver(
                solo,
                request,
                visual: visual,
                perTile: config.visualTokensPerTile,
                hidden: config.decoder.hidden
            )
            let tokens = try solo.run([request])
            #expect(tokens[request.id] == conversation.tokens)
            let expected = try #require(golden.tensor("\(conversation.name).logits"))
            let found = (solo.logits[request.id] ?? []).flatMap(\.self)
            #expect(found.count == expected.count)
            let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst < Self.logitsTolerance, "\(conversation.name): off by \(worst)")
        }
    }

    @Test("a picture's tiles may be there before the question that names it")
    func early() throws {
        let golden = try Golden("mini-f32")
        let config = try Checkpoint(directory: golden.directory).config
        let perTile = config.visualTokensPerTile
        for conversation in golden.cases where !conversation.tiles.isEmpty {
            let solo = try SoloDecoder(golden.directory)
            let request = GenerateJob(conversation, imageToken: Self.imageToken("mini-f32"), perTile: perTile)
            let visual = golden.tensor("\(conversation.name).visual_tokens") ?? []
            Self.deliver(solo, request, visual: visual, perTile: perTile, hidden: config.decoder.hidden)
            for _ in 0..<3 {
                let outcome = try solo.leader.step()
                #expect(outcome == nil)
            }
            let tokens = try solo.run([request])
            #expect(tokens[request.id] == conversation.tokens)
        }
    }

    @Test("logits are the same bits alone, in company, and for any chunk", arguments: Golden.models)
    func companyAndChunksDoNotMatter(model: String) throws {
        let golden = try Golden(model)
        let requests = golden.cases.filter(\.tiles.isEmpty).map {
            GenerateJob($0, imageToken: Self.imageToken(model), perTile: 4)
        }
        var alone: [String: [[Float]]] = [:]
        for request in requests {
            let solo = try SoloDecoder(golden.directory, threads: 1)
            _ = try solo.run([request])
            alone.merge(solo.logits) { first, _ in first }
        }
        for (chunk, sequences, threads) in [(256, 8, 2), (5, 3, 3), (1, 8, 1), (64, 2, 2)] {
            let solo = try SoloDecoder(golden.directory, chunk: chunk, maxSequences: sequences, threads: threads)
            _ = try solo.run(requests)
            #expect(solo.logits == alone, "chunk \(chunk), \(sequences) sequences, \(threads) threads")
        }
    }

    @Test("a cache in half precision gives the same greedy tokens on a clear-cut prompt")
    func halfPrecisionCache() throws {
        let golden = try Golden("mini-bf16")
        let conversation = try #require(golden.cases.first { $0.name == "text" })
        let solo = try SoloDecoder(golden.directory, cache: .float16)
        let request = GenerateJob(conversation, imageToken: 928, perTile: 4)
        #expect(try solo.run([request])[request.id] == conversation.tokens)
    }
}
