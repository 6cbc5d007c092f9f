internal import Foundation
internal import Kernels

/// Draws a token from the likeliest ones, as Hugging Face's warpers leave them, without knowing all.
///
/// The definition is over all tokens, likeliest first: weights exp((logit − largest) / T), of which the quotient is a
/// float and the power a double; their sum, and the sums of top-p, are taken one by one in that order. With the likeliest
/// tokens alone every weight and every sum of top-p is the same number, since they are the first of that order. Only the
/// sum of all is missing: it is known exactly but for the last roundings (`ExactSum`), and so is bounded from both
/// sides. Where both bounds decide alike, the true sum does; where they do not, or the tokens are too few, more of them
/// must be had.
enum CandidateFilter {
    /// The likeliest tokens, sorted, and what is known of the rest.
    struct Known {
        var candidates: ArraySlice<Candidate>
        /// Tokens that there are.
        var vocabulary: Int
        /// The sum of all weights, where top-p needs it.
        var total: ExactSum

        /// Bounds of the sum that would be found one by one: each addition rounds by 2⁻⁵³ at most, each power is right
        /// to 2⁻⁵⁰, and twice as much is allowed for.
        var bounds: ClosedRange<Double> {
            let error = Double(vocabulary + 16) * 0x1p-52
            return total.value * (1 - error)...total.value * (1 + error)
        }
    }

    /// The token, or `nil` where the candidates do not decide it.
    ///
    /// - Parameter weights: memory from before.
    static func draw(_ known: Known, _ choice: TokenChoice, position: Int, _ weights: inout [Double]) -> Draw? {
        guard let kept = kept(known, choice, &weights), kept > 0 else { return nil }
        let noise = GumbelNoise(seed: choice.seed, position: position)
        var best: Draw?
        for candidate in known.candidates.prefix(kept) {
            let (logit, token) = (candidate.logit, candidate.token)
            let draw = Draw(value: logit / choice.temperature + noise[token], logit: logit, token: token)
            if best.map(draw.isBetter) ?? true { best = draw }
        }
        return best
    }

    /// How many of the likeliest tokens the filters leave.
    private static func kept(_ known: Known, _ choice: TokenChoice, _ weights: inout [Double]) -> Int? {
        let limit = choice.topK > 0 ? min(Int(choice.topK), known.vocabulary) : known.vocabulary
        let order = known.candidates.prefix(limit)
        let isWhole = order.count == limit
        guard let largest = order.first?.logit else { return nil }
        weights.removeAll(keepingCapacity: true)
        for candidate in order { weights.append(exp(Double((candidate.logit - largest) / choice.temperature))) }
        var kept = limit
        if choice.topP < 1 {
            guard isWhole || choice.topK == 0 else { return nil }
            let sum = isWhole ? weights.reduce(0, +) : 0
            guard let nucleus = nucleus(weights, of: limit, choice.topP, isWhole ? sum...sum : known.bounds) else {
                return nil
            }
            kept = nucleus
        }
        if choice.minP > 0 {
            if let first = weights.firstIndex(where: { $0 < Double(choice.minP) }) {
                kept = min(kept, max(1, first))
            } else if kept > weights.count {
                return nil
            }
        }
        return kept <= order.count ? kept : nil
    }

    /// As Hugging Face's `TopPLogitsWarper`: a token stays while the ones before it have less than `topP`.
    private static func nucleus(
        _ weights: [Double],
        of limit: Int,
        _ topP: Float,
        _ total: ClosedRange<Double>
    ) -> Int? {
        let (low, high) = (Double(topP) * total.lowerBound, Double(topP) * total.upperBound)
        var before = 0.0
        var kept = 0
        while kept < limit {
            if kept > 0, before >= high { return kept }
            if kept > 0, before >= low { return nil }
            guard kept < weights.count else { return nil }
            before += weights[kept]
            kept += 1
        }
        return kept
    }
}
