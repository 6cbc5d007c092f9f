/// Cuts `units` into consecutive shares, one a rank, in proportion to `weights`.
///
/// Share `r` ends at the rounded point `units · (w₀+…+w_r) / Σw`, so that shares differ by at most one unit from
/// the exact proportion. A rank of weight zero gets nothing.
package func apportion(_ units: Int, by weights: [Double]) -> [Range<Int>] {
    let total = weights.reduce(0, +)
    precondition(total > 0 && weights.allSatisfy { $0 >= 0 }, "weights \(weights)")
    var ranges: [Range<Int>] = []
    var cumulative = 0.0
    var start = 0
    for (rank, weight) in weights.enumerated() {
        cumulative += weight
        let isLast = rank == weights.count - 1
        let end = isLast ? units : min(units, max(start, Int((Double(units) * cumulative / total).rounded())))
        ranges.append(start..<end)
        start = end
    }
    return ranges
}
