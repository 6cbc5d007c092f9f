import Checkpoints
import Kernels
import Tensors
import TestSupport
import Testing

@testable import SAILVL2Model

@Suite("The vision encoder in eight bits")
struct VisionQuantisedTests {
    /// Every input and weight of a product is off by up to 1/254 of its group's largest, in some fifteen products one
    /// behind the other, of random weights.
    ///
    /// Measured: up to 0.07 of the largest number. That the products are exact is for the tests of kernels.
    private static let tolerance: Float = 0x1p-3

    private static let models = VisionFixtures.otherShapes + ["mini-f32", "mini-bf16"]

    @Test("is what --vision-format q8 asks for, and no format of weights does by itself")
    func formats() {
        #expect(PackedRows.Element(VisionFormat.q8) == .q8)
        for format in WeightFormat.allCases {
            #expect(VisionFormat(of: format) == (format == .bf16 ? .bf16 : .native))
        }
    }

    @Test("stays near the reference's float32 visual tokens", arguments: ["mini-bf16", "mini-f32"])
    func goldenTokens(model: String) throws {
        let encoder = try VisionFixtures.encoder(model, .q8)
        for (name, image) in [("one-image", "wide"), ("multi-turn", "photo444")] {
            let tokens = encoder.tokens(try VisionFixtures.tiles(of: image, encoder.config))
            let error = relativeError(tokens, try VisionFixtures.golden(model, name + ".visual_tokens"))
            #expect(error < Self.tolerance, "\(name)")
        }
    }

    @Test(
        "stays near the reference with biases, inner blocks, both token orders and sizes that are no whole groups",
        arguments: VisionFixtures.otherShapes
    )
    func otherShapes(model: String) throws {
        let encoder = try VisionFixtures.encoder(model, .q8)
        let tokens = encoder.tokens([try VisionFixtures.golden(model, "pixels")])
        #expect(relativeError(tokens, try VisionFixtures.golden(model, "visual_tokens")) < Self.tolerance)
    }

    @Test("gives the same bits on any number of threads, whatever tile came before", arguments: models, [2, 3, 5])
    func threads(model: String, threads: Int) throws {
        let (one, many) = (
            try VisionFixtures.encoder(model, .q8, threads: 1),
            try VisionFixtures.encoder(model, .q8, threads: threads),
        )
        let side = one.config.images.tileSide
        let tiles = (0..<3).map { tile in (0..<3 * side * side).map { Float(($0 + tile) % 97) / 48 - 1 } }
        let together = many.tokens(tiles)
        #expect(together == tiles.reversed().map { one.tokens([$0]) }.reversed().flatMap { $0 })
        #expect(together != (try VisionFixtures.encoder(model)).tokens(tiles))
    }

    @Test("gives the same bits with helpers, tile after tile", arguments: models, [(1, 1), (1, 3), (2, 2)])
    func helpers(model: String, count: (threads: Int, helpers: Int)) throws {
        let one = try VisionFixtures.encoder(model, .q8, threads: 1)
        let helped = try VisionFixtures.encoder(model, .q8, threads: count.threads, helpers: count.helpers)
        let side = one.config.images.tileSide
        for round in 0..<4 {
            let pixels = (0..<3 * side * side).map { Float(($0 + 31 * round) % 97) / 48 - 1 }
            #expect(helped.tokens([pixels]) == one.tokens([pixels]))
        }
    }

    /// A process has one instruction set: run with each, these are the same numbers.
    @Test("gives these bits with every instruction set")
    func instructionSets() throws {
        let found = try (VisionFixtures.otherShapes + ["mini-bf16"]).map { model in
            let encoder = try VisionFixtures.encoder(model, .q8)
            let side = encoder.config.images.tileSide
            let tokens = encoder.tokens([(0..<3 * side * side).map { Float($0 % 89) / 44 - 1 }])
            // FNV-1a of the words.
            return tokens.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
        }
        #expect(
            found == [0xaf95_bd39_eaed_eeac, 0x1efa_6031_1806_bec1, 0xd227_2c24_7413_a5d8, 0x23d3_f08b_c3fa_b7ad]
        )
    }

    @Test("has its matrices in eight and a half bits, but for the pixels', and its work areas as said")
    func memory() throws {
        let encoder = try VisionFixtures.encoder("mini-f32", .q8, threads: 2)
        #expect(encoder.workBytes == VisionEncoder.workBytes(encoder.config, element: .q8, threads: 2))
        let huge = PublishedShape.twoBillion
        let matrices = 24 * (4 * 1536 * 1536 + 3 * 1536 * 4096) + 2048 * 6144 + 2048 * 2048
        let rest = VisionEncoder.weightBytes(huge) - 2 * matrices
        // The widths are even numbers of groups.
        #expect(VisionEncoder.weightBytes(huge, element: .q8) == rest + matrices / 32 * 34)
        #expect(VisionEncoder.workBytes(huge, element: .q8, threads: 2) < VisionEncoder.workBytes(huge, threads: 2))
    }
}
