internal import Constraints
internal import Foundation

/// Answers drawn from what a format allows, as a model without sense would: some logits for each token, the same at
/// every place, and noise.
struct RandomWalk {
    private var random: SplitMix
    private let length: Int
    private let temperature: Double
    /// What each mask took, as long as tokens are drawn.
    private(set) var nanoseconds: [Int] = []

    init(seed: UInt64, length: Int, temperature: Double) {
        random = SplitMix(state: seed &* 0x9E37_79B9_7F4A_7C15)
        (self.length, self.temperature) = (length, temperature)
    }

    /// An answer, `nil` if it found no end.
    mutating func answer(_ constraint: Constraint) -> String? {
        var state = constraint.start
        var bytes: [UInt8] = []
        let clock = ContinuousClock()
        for step in 0..<6 * length {
            let start = clock.now
            let mask = state.mask()
            if step < length { nanoseconds.append((clock.now - start).nanoseconds) }
            let token =
                step < length
                ? draw(mask, constraint.vocabulary) : lead(state, mask, constraint.vocabulary)
            guard state.allows(token) else { return nil }
            if constraint.vocabulary.ends.contains(token) { return String(validating: bytes, as: UTF8.self) }
            bytes += constraint.vocabulary.bytes(of: token)
            guard let next = state.advanced(by: token) else { return nil }
            state = next
        }
        return nil
    }

    /// Low ids are commoner, as in a vocabulary of merges; with a higher temperature less so.
    private mutating func draw(_ mask: TokenMask, _ vocabulary: TokenVocabulary) -> Int32 {
        for _ in 0..<64 {
            let token = Int32(pow(Double(vocabulary.size), pow(random.unit(), 1 / temperature)) - 1)
            if mask[token] { return token }
        }
        let tokens = mask.tokens
        return tokens[Int(random.unit() * Double(tokens.count))]
    }

    /// The token behind which the shortest text seems to be left: ends, then brackets and quotation marks.
    private mutating func lead(_ state: ConstraintState, _ mask: TokenMask, _ vocabulary: TokenVocabulary) -> Int32 {
        if state.isWhole, let end = vocabulary.ends.first { return end }
        let tokens = mask.tokens
        for sign in ["}", "]", "\""] {
            for token in tokens where vocabulary.bytes(of: token).elementsEqual(sign.utf8) { return token }
        }
        let short = tokens.filter { vocabulary.bytes(of: $0).count < 3 }
        let most = short.isEmpty ? tokens : short
        return most[Int(random.unit() * Double(most.count))]
    }
}

struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In (0, 1).
    mutating func unit() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }
}
