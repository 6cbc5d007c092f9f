/// What measured bandwidths mean for shares: machines that are equal must not get unequal shares by noise.
package enum MeasuredShares {
    /// Ranks this much slower than the fastest of their kind still count as equal to it.
    package static let tolerance = 0.1
    /// Shares are multiples of this part of the fastest kind's.
    package static let grain = 0.05

    /// The relative speeds of the ranks, the fastest kind having 1; `nil` if all are equal.
    ///
    /// A function of the numbers alone, so that ranks that have the same numbers agree.
    package static func weights(_ bandwidths: [Double]) -> [Double]? {
        guard bandwidths.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
        let order = bandwidths.indices.sorted { (bandwidths[$0], -$0) > (bandwidths[$1], -$1) }
        var kinds: [[Int]] = []
        for rank in order {
            if let first = kinds.last?.first, bandwidths[rank] >= bandwidths[first] * (1 - tolerance) {
                kinds[kinds.count - 1].append(rank)
            } else {
                kinds.append([rank])
            }
        }
        guard kinds.count > 1 else { return nil }
        let means = kinds.map { kind in kind.reduce(0) { $0 + bandwidths[$1] } / Double(kind.count) }
        var weights = [Double](repeating: 1, count: bandwidths.count)
        for (kind, mean) in zip(kinds, means) {
            let steps = max(1, (mean / means[0] / grain).rounded())
            for rank in kind { weights[rank] = steps * grain }
        }
        return weights
    }
}
