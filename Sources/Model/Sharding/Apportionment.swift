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

/// As `apportion`, but every rank gets at least one unit, for what no rank can do without (query heads).
package func apportionAtLeastOne(_ units: Int, by weights: [Double]) -> [Range<Int>] {
    precondition(units >= weights.count, "\(units) units for \(weights.count) ranks")
    let total = weights.reduce(0, +)
    var counts = weights.map { max(1, Int((Double(units) * $0 / total).rounded(.down))) }
    // Hand out what is left, or take back what is too much, where it hurts the proportion least.
    while counts.reduce(0, +) != units {
        let isShort = counts.reduce(0, +) < units
        let candidates = counts.indices.filter { isShort || counts[$0] > 1 }
        let deficit = { (r: Int) in Double(units) * weights[r] / total - Double(counts[r]) }
        let chosen =
            isShort ? candidates.max { deficit($0) < deficit($1) } : candidates.min { deficit($0) < deficit($1) }
        guard let chosen else { preconditionFailure("unreachable: \(units) units, counts \(counts)") }
        counts[chosen] += isShort ? 1 : -1
    }
    var start = 0
    return counts.map { count in
        defer { start += count }
        return start..<(start + count)
    }
}
