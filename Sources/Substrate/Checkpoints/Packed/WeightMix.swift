package import Kernels

/// Which matrices of `q4m` have eight bits a weight: those whose rounding changes answers most, as far as
/// ``mostBits`` allows.
///
/// In turn, each where it still fits: the values of all layers; the output head, which is the embedding too where they are
/// tied; then `down`, layer by layer: the first and the last eighth of the layers, every third between them, the rest.
/// The configuration alone decides, so that ranks which quantise while they load agree.
///
/// - SeeAlso: `Q4_K_M` of llama.cpp, which gives more bits to the same matrices.
package struct WeightMix: Sendable, Equatable {
    /// Bits a weight at most, on the average over the decoder's matrices.
    package static let mostBits = 5.2
    /// Bits of a weight of a group, with its part of the scale.
    private static let (fewBits, manyBits) = (4.5, 8.5)

    /// The matrices with eight bits.
    package let wide: Set<String>
    package let bitsPerWeight: Double

    package init(_ config: ModelConfig) {
        let matrices = config.expectedTensors.filter(\.isQuantisable)
        let weights = Dictionary(uniqueKeysWithValues: matrices.map { ($0.name, $0.shape.reduce(1, *)) })
        let total = Double(weights.values.reduce(0, +))
        var wide: Set<String> = []
        var bits = Self.fewBits
        for name in Self.candidates(config.decoder) {
            let more = (Self.manyBits - Self.fewBits) * Double(weights[name] ?? 0) / total
            guard bits + more <= Self.mostBits else { continue }
            wide.insert(name)
            bits += more
        }
        (self.wide, bitsPerWeight) = (wide, bits)
    }

    /// What most needs eight bits comes first.
    private static func candidates(_ decoder: ModelConfig.Decoder) -> [String] {
        let layers = (0..<decoder.layers).map(TensorNames.layer)
        let eighth = decoder.layers / 8
        let ends = layers.indices.filter { $0 < eighth || $0 >= decoder.layers - eighth }
        let between = Array(layers.indices.dropFirst(eighth).dropLast(eighth))
        let thirds = between.indices.filter { $0 % 3 == 2 }.map { between[$0] }
        let rest = between.indices.filter { $0 % 3 != 2 }.map { between[$0] }
        return layers.map(\.vProj)
            + [decoder.tiedEmbeddings ? TensorNames.embedding : TensorNames.head]
            + (ends + thirds + rest).map { layers[$0].downProj }
    }

    /// How a matrix is held.
    package func storage(of name: String) -> PackedMatrix.Storage { wide.contains(name) ? .q8 : .q4 }
}
