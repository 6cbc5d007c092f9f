import Kernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite("WeightMix")
struct WeightMixTests {
    /// The decoder of SAIL-VL2-8B behind the same tower.
    private static let eightBillion: ModelConfig = {
        var config = PublishedShape.twoBillion
        config.decoder = .init(
            layers: 36,
            hidden: 4096,
            heads: 32,
            kvHeads: 8,
            headDim: 128,
            intermediate: 12288,
            vocabulary: 151_936,
            maxPositions: 40_960,
            ropeTheta: 1e6,
            rmsNormEpsilon: 1e-6,
            tiedEmbeddings: false
        )
        return config
    }()

    /// Bits of all bytes that the kernels would hold, a weight.
    private static func bits(_ config: ModelConfig) -> Double {
        let mix = WeightMix(config)
        let matrices = config.expectedTensors.filter(\.isQuantisable)
        let bytes = matrices.map { PackedShape($0, mix.storage(of: $0.name)).byteCount }.reduce(0, +)
        return 8 * Double(bytes) / Double(matrices.map { $0.shape.reduce(1, *) }.reduce(0, +))
    }

    private static func downs(_ mix: WeightMix, _ config: ModelConfig) -> [Int] {
        (0..<config.decoder.layers).filter { mix.wide.contains(TensorNames.layer($0).downProj) }
    }

    @Test("the published shapes take at most 5.2 bits a weight, every byte counted, and not much less")
    func published() {
        for config in [PublishedShape.twoBillion, Self.eightBillion] {
            let bits = Self.bits(config)
            #expect(bits > 5.1 && bits <= 5.2, "\(bits)")
            #expect(abs(bits - WeightMix(config).bitsPerWeight) < 1e-9)
        }
    }

    @Test("values have eight bits everywhere; the head where it fits; down in the first and last layers first")
    func order() {
        let (two, eight) = (PublishedShape.twoBillion, Self.eightBillion)
        for config in [two, eight] {
            let mix = WeightMix(config)
            for layer in 0..<config.decoder.layers {
                let names = TensorNames.layer(layer)
                #expect(mix.storage(of: names.vProj) == .q8)
                for name in [names.qProj, names.kProj, names.oProj, names.gateProj, names.upProj] {
                    #expect(mix.storage(of: name) == .q4)
                }
            }
            let downs = Self.downs(mix, config)
            let eighth = config.decoder.layers / 8
            #expect(downs.prefix(eighth) == Array(0..<eighth)[...])
            #expect(downs.suffix(eighth) == Array(config.decoder.layers - eighth..<config.decoder.layers)[...])
        }
        // Alone it would take the tied one, 18 % of all weights, to 5.22 bits.
        #expect(WeightMix(two).storage(of: TensorNames.embedding) == .q4)
        #expect(WeightMix(eight).storage(of: TensorNames.head) == .q8)
        #expect(WeightMix(eight).storage(of: TensorNames.embedding) == .q4)
        #expect(Self.downs(WeightMix(two), two).count == 19 && Self.downs(WeightMix(eight), eight).count == 13)
    }

    @Test("no shape takes more than 5.2 bits a weight, padding aside")
    func storm() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<300 {
            var config = Self.eightBillion
            let heads = Int.random(in: 1...8, using: &random)
            config.decoder = .init(
                layers: Int.random(in: 1...30, using: &random),
                hidden: 32 * Int.random(in: 1...20, using: &random),
                heads: heads,
                kvHeads: heads,
                headDim: 32 * Int.random(in: 1...3, using: &random),
                intermediate: 32 * Int.random(in: 1...60, using: &random),
                vocabulary: Int.random(in: 10...9000, using: &random),
                maxPositions: 100,
                ropeTheta: 1e6,
                rmsNormEpsilon: 1e-6,
                tiedEmbeddings: Bool.random(using: &random)
            )
            let mix = WeightMix(config)
            let matrices = config.expectedTensors.filter(\.isQuantisable)
            let bits = matrices.reduce(0.0) { sum, tensor in
                sum + (mix.wide.contains(tensor.name) ? 8.5 : 4.5) * Double(tensor.shape.reduce(1, *))
            }
            let weights = matrices.reduce(0) { $0 + $1.shape.reduce(1, *) }
            #expect(bits / Double(weights) <= WeightMix.mostBits + 1e-9)
            #expect(mix.wide.isSubset(of: matrices.map(\.name)))
        }
    }
}
