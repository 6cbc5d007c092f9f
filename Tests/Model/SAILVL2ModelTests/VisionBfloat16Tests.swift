import Checkpoints
import Kernels
import Tensors
import Testing

@testable import SAILVL2Model

@Suite("The vision encoder with rounded activations")
struct VisionBfloat16Tests {
    /// Every input and weight of a product is off by up to 2⁻⁹ of itself, in some fifteen products one behind the
    /// other.
    ///
    /// Measured: 0.006 to 0.023 of the largest number, most where the checkpoint is float32 and its weights are
    /// rounded.
    private static let tolerance: Float = 0x1p-5

    @Test("goes with groups that run in bfloat16 alone", arguments: WeightFormat.allCases)
    func formats(format: WeightFormat) {
        #expect(PackedRows.Element(VisionFormat(of: format)) == (format == .bf16 ? .bfloat16 : .float32))
    }

    @Test("stays near the reference's float32 visual tokens", arguments: ["mini-bf16", "mini-f32"])
    func goldenTokens(model: String) throws {
        let encoder = try VisionFixtures.encoder(model, .bfloat16)
        for (name, image) in [("one-image", "wide"), ("multi-turn", "photo444")] {
            let tokens = encoder.tokens(try VisionFixtures.tiles(of: image, encoder.config))
            let error = relativeError(tokens, try VisionFixtures.golden(model, name + ".visual_tokens"))
            #expect(error < Self.tolerance, "\(name)")
        }
    }

    @Test(
        "stays near the reference with biases, inner blocks, both token orders and odd sizes",
        arguments: VisionFixtures.otherShapes
    )
    func otherShapes(model: String) throws {
        let encoder = try VisionFixtures.encoder(model, .bfloat16)
        let tokens = encoder.tokens([try VisionFixtures.golden(model, "pixels")])
        #expect(relativeError(tokens, try VisionFixtures.golden(model, "visual_tokens")) < Self.tolerance)
    }

    @Test(
        "gives the same bits on any number of threads, whatever tile came before",
        arguments: VisionFixtures.otherShapes + ["mini-f32", "mini-bf16"],
        [2, 3, 5]
    )
    func threads(model: String, threads: Int) throws {
        let (one, many) = (
            try VisionFixtures.encoder(model, .bfloat16, threads: 1),
            try VisionFixtures.encoder(model, .bfloat16, threads: threads),
        )
        let side = one.config.images.tileSide
        let tiles = (0..<3).map { tile in (0..<3 * side * side).map { Float(($0 + tile) % 97) / 48 - 1 } }
        let together = many.tokens(tiles)
        #expect(together == tiles.reversed().map { one.tokens([$0]) }.reversed().flatMap { $0 })
        #expect(together != (try VisionFixtures.encoder(model)).tokens(tiles))
    }

    /// A process has one instruction set: run with each, these are the same numbers.
    @Test("gives these bits with every instruction set")
    func instructionSets() throws {
        let found = try (VisionFixtures.otherShapes + ["mini-bf16"]).map { model in
            let encoder = try VisionFixtures.encoder(model, .bfloat16)
            let side = encoder.config.images.tileSide
            let tokens = encoder.tokens([(0..<3 * side * side).map { Float($0 % 89) / 44 - 1 }])
            // FNV-1a of the words.
            return tokens.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
        }
        #expect(
            found == [0x5a0c_e5d2_3caf_3d25, 0x434f_798f_1a74_b6f8, 0xd36c_e9dd_6c4f_d380, 0x3454_da70_0b82_745b]
        )
    }

    @Test("has its weights in two bytes each, and its work areas as said")
    func memory() throws {
        let encoder = try VisionFixtures.encoder("mini-f32", .bfloat16, threads: 2)
        let bytes = VisionEncoder.workBytes(encoder.config, element: .bfloat16, threads: 2)
        #expect(encoder.workBytes == bytes)
        #expect(bytes <= VisionEncoder.workBytes(encoder.config, threads: 2))
        let weights = VisionEncoder.weightBytes(encoder.config, stored: .float32, element: .bfloat16)
        let stored = VisionEncoder.weightBytes(encoder.config, stored: .bfloat16)
        // A pair for an odd last column.
        #expect(weights >= stored && weights < stored + stored / 100)
    }
}
