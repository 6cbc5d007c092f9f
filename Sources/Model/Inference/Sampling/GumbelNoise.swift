internal import Kernels

/// Noise for the Gumbel-max way of sampling, from a counter-based generator.
///
/// `argmax(logit/T + g)` with independent Gumbel noise g draws from `softmax(logit/T)`. The noise of a token is a
/// function of (seed, position, token id) alone, so each rank computes it for its own part of the vocabulary, no
/// logits travel, and the choice is the same for any number of ranks and after a replay.
///
/// - SeeAlso: Gumbel 1954; Salmon et al., *Parallel Random Numbers: As Easy as 1, 2, 3*, SC'11.
package struct GumbelNoise: Sendable {
    /// What kernels make a token's noise of.
    let key: UInt64

    package init(seed: UInt64, position: Int) {
        key = Self.mix(Self.mix(seed) &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: position &+ 1))
    }

    /// −log(−log u) with u uniform in (0, 1), 53 bits.
    package subscript(token: Int32) -> Float { Logits.noise(key, token: token) }

    /// The finaliser of SplitMix64: every input bit moves every output bit.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
