import Foundation
import Requests

/// A token with the number by which it is compared: logit, or logit/temperature plus noise.
struct ReferenceCandidate: Sendable, Equatable {
    var value: Float
    var token: Int32

    /// The better one; ties go to the lower id.
    func better(_ other: ReferenceCandidate) -> ReferenceCandidate {
        if other.value > value || (other.value == value && other.token < token) { return other }
        return self
    }
}

/// What the ranks must agree with: all logits in one place, sorted, by one thread.
enum ReferenceSampler {
    /// The best of one rank's shard of the vocabulary, without filters: greedy, or Gumbel-max at a temperature.
    ///
    /// - Parameter logits: `[shard]`, of the tokens `firstToken...`.
    static func candidate(
        _ logits: UnsafeBufferPointer<Float>,
        firstToken: Int,
        _ options: Sampling,
        position: Int
    ) -> ReferenceCandidate {
        var best = ReferenceCandidate(value: -.infinity, token: .max)
        if options.temperature == 0 {
            for (index, logit) in logits.enumerated() where logit > best.value || best.token == .max {
                best = ReferenceCandidate(value: logit, token: Int32(firstToken + index))
            }
            return best
        }
        let noise = ReferenceNoise(seed: options.seed, position: position)
        for (index, logit) in logits.enumerated() {
            let token = firstToken + index
            let value = logit / options.temperature + noise[token]
            if value > best.value || best.token == .max { best = ReferenceCandidate(value: value, token: Int32(token)) }
        }
        return best
    }

    /// A choice with filters and penalties, which need all logits.
    ///
    /// The order is that of Hugging Face's `generate`: repetition penalty, temperature, top-k, top-p, min-p.
    ///
    /// - Parameters:
    ///   - logits: `[vocabulary]`; changed.
    ///   - seen: every token of the prompt and of the answer so far.
    static func choose(
        _ logits: inout [Float],
        _ options: Sampling,
        position: Int,
        seen: Set<Int32>
    ) -> Int32 {
        penalise(&logits, options.repetitionPenalty, seen)
        if options.temperature == 0 {
            return logits.withUnsafeBufferPointer { candidate($0, firstToken: 0, options, position: position).token }
        }
        let noise = ReferenceNoise(seed: options.seed, position: position)
        var best = ReferenceCandidate(value: -.infinity, token: .max)
        for token in survivors(logits, options) {
            let value = logits[token] / options.temperature + noise[token]
            best =
                best.token == .max
                ? ReferenceCandidate(value: value, token: Int32(token))
                : best.better(ReferenceCandidate(value: value, token: Int32(token)))
        }
        return best.token
    }

    private static func penalise(_ logits: inout [Float], _ penalty: Float, _ seen: Set<Int32>) {
        guard penalty != 1 else { return }
        for token in seen where Int(token) < logits.count && token >= 0 {
            let logit = logits[Int(token)]
            logits[Int(token)] = logit > 0 ? logit / penalty : logit * penalty
        }
    }

    /// The tokens that the filters leave, likeliest first; never none.
    private static func survivors(_ logits: [Float], _ options: Sampling) -> [Int] {
        let isFiltered = options.topK > 0 || options.topP < 1 || options.minP > 0
        guard isFiltered else { return Array(logits.indices) }
        var order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        if options.topK > 0 { order = Array(order.prefix(options.topK)) }
        let largest = logits[order[0]]
        let weights = order.map { exp(Double((logits[$0] - largest) / options.temperature)) }
        let total = weights.reduce(0, +)
        var kept = order.count
        if options.topP < 1 {
            // As Hugging Face's TopPLogitsWarper: a token stays while the ones before it have less than topP.
            var before = 0.0
            kept = 0
            while kept < order.count && (kept == 0 || before < Double(options.topP) * total) {
                before += weights[kept]
                kept += 1
            }
        }
        if options.minP > 0 {
            kept = min(kept, max(1, weights.firstIndex { $0 < Double(options.minP) } ?? order.count))
        }
        return Array(order.prefix(kept))
    }
}

/// Noise for the Gumbel-max way of sampling, from a counter-based generator.
///
/// `argmax(logit/T + g)` with independent Gumbel noise g draws from `softmax(logit/T)`. The noise of a token is a
/// function of (seed, position, token id) alone, so each rank computes it for its own part of the vocabulary, no
/// logits travel, and the choice is the same for any number of ranks and after a replay.
///
/// - SeeAlso: Gumbel 1954; Salmon et al., *Parallel Random Numbers: As Easy as 1, 2, 3*, SC'11.
struct ReferenceNoise: Sendable {
    private let key: UInt64

    init(seed: UInt64, position: Int) {
        key = Self.mix(Self.mix(seed) &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: position &+ 1))
    }

    /// −log(−log u) with u uniform in (0, 1), 53 bits.
    subscript(token: Int) -> Float {
        let bits = Self.mix(key &+ 0xD1B5_4A32_D192_ED03 &* UInt64(truncatingIfNeeded: token &+ 1))
        let uniform = (Double(bits >> 11) + 0.5) * 0x1p-53
        return Float(-log(-log(uniform)))
    }

    /// The finaliser of SplitMix64: every input bit moves every output bit.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
