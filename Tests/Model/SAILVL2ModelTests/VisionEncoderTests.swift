import Checkpoints
import Kernels
import Testing

@testable import SAILVL2Model

@Suite("The vision encoder")
struct VisionEncoderTests {
    /// Float32 against float32 of another library, over up to three blocks; sums are ordered differently.
    private static let tolerance: Float = 1e-5

    @Test("gives the reference's visual tokens for the golden images", arguments: ["mini-f32", "mini-bf16"])
    func goldenTokens(model: String) throws {
        let encoder = try VisionFixtures.encoder(model)
        let wide = encoder.tokens(try VisionFixtures.tiles(of: "wide", encoder.config))
        let photo = encoder.tokens(try VisionFixtures.tiles(of: "photo444", encoder.config))
        for (name, tokens) in [("one-image", wide), ("two-images", wide + photo), ("multi-turn", photo)] {
            let golden = try VisionFixtures.golden(model, name + ".visual_tokens")
            #expect(relativeError(tokens, golden) < Self.tolerance, "\(name)")
        }
    }

    @Test(
        "gives the reference's visual tokens with biases, inner blocks, both token orders and odd sizes",
        arguments: VisionFixtures.otherShapes
    )
    func otherShapes(model: String) throws {
        let encoder = try VisionFixtures.encoder(model)
        let tokens = encoder.tokens([try VisionFixtures.golden(model, "pixels")])
        #expect(relativeError(tokens, try VisionFixtures.golden(model, "visual_tokens")) < Self.tolerance)
    }

    @Test(
        "gives the same bits on any number of threads",
        arguments: VisionFixtures.otherShapes + ["mini-f32"],
        [2, 3, 5]
    )
    func threads(model: String, threads: Int) throws {
        let (one, many) = (
            try VisionFixtures.encoder(model, threads: 1),
            try VisionFixtures.encoder(model, threads: threads),
        )
        let side = one.config.images.tileSide
        let pixels = (0..<3 * side * side).map { Float($0 % 97) / 48 - 1 }
        let alone = one.tokens([pixels])
        #expect(many.tokens([pixels]) == alone)
        #expect(Set(alone).count > alone.count / 2, "the tokens say something")
    }

    @Test(
        "gives the same bits with helpers, tile after tile",
        arguments: VisionFixtures.otherShapes + ["mini-f32", "mini-bf16"],
        [(1, 1), (1, 3), (2, 2)]
    )
    func helpers(model: String, count: (threads: Int, helpers: Int)) throws {
        let one = try VisionFixtures.encoder(model, threads: 1)
        let helped = try VisionFixtures.encoder(model, threads: count.threads, helpers: count.helpers)
        let side = one.config.images.tileSide
        for round in 0..<4 {
            let pixels = (0..<3 * side * side).map { Float(($0 + 31 * round) % 97) / 48 - 1 }
            #expect(helped.tokens([pixels]) == one.tokens([pixels]))
        }
        #expect(helped.workBytes == VisionEncoder.workBytes(one.config, threads: count.threads + count.helpers))
    }

    @Test("forgets the tile before")
    func independentTiles() throws {
        let encoder = try VisionFixtures.encoder("mini-f32")
        let tiles = try VisionFixtures.tiles(of: "wide", encoder.config)
        let forwards = encoder.tokens(tiles)
        let count = forwards.count / tiles.count
        for (index, tile) in tiles.enumerated().reversed() {
            #expect(encoder.tokens([tile]) == Array(forwards[index * count..<(index + 1) * count]))
        }
    }

    @Test("shares its weights between encoders with pools of their own")
    func sharedWeights() throws {
        let (first, second) = (ThreadPool(threads: 1), ThreadPool(threads: 2))
        let weights = VisionWeights(try VisionFixtures.checkpoint("mini-bf16"), pool: first)
        let tiles = try VisionFixtures.tiles(of: "wide", weights.config)
        #expect(VisionEncoder(weights, pool: first).tokens(tiles) == VisionEncoder(weights, pool: second).tokens(tiles))
    }

    @Test("stops before the next block, writes nothing, and is as good as new", arguments: 0...3)
    func stopping(after asked: Int) throws {
        let encoder = try VisionFixtures.encoder("mini-f32")
        let tile = try VisionFixtures.tiles(of: "wide", encoder.config)[0]
        let expected = encoder.tokens([tile])
        var questions = 0
        var tokens = [Float](repeating: 7, count: expected.count)
        let finished = tokens.withUnsafeMutableBufferPointer { tokens in
            tile.withUnsafeBufferPointer { pixels in
                encoder.encode(pixels, into: tokens) {
                    questions += 1
                    return questions > asked
                }
            }
        }
        #expect(!finished)
        #expect(questions == asked + 1)
        #expect(tokens == [Float](repeating: 7, count: expected.count))
        #expect(encoder.tokens([tile]) == expected)
    }
}
