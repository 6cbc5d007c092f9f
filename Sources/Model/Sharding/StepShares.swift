/// Cuts the leaves of one reduction tree among ranks so that what ends with its sum is over soonest.
///
/// The sum lets every rank wait for the slowest, and costs more the more nodes of the tree a rank's leaves are: ten or
/// eleven of 32 leaves are up to four nodes, eight or twelve one or two. So of all cuts with at most `p` nodes a rank the
/// one whose slowest rank is fastest is found, and of those the one that, with its sum, takes least.
struct StepShares {
    /// What the sum costs when no rank has more than so many nodes, in seconds.
    typealias SumCost = (_ nodes: Int) -> Double

    let tree: ReductionTree
    /// Cuts are multiples of so many leaves.
    let unit: Int
    let ranks: Int
    /// Whether a rank may have nothing.
    let mayBeEmpty: Bool
    /// Seconds that a rank computes on leaves.
    let seconds: (_ rank: Int, _ leaves: Range<Int>) -> Double
    let sum: SumCost

    private var units: Int { tree.leafCount / unit }

    /// The leaves of each rank.
    func best() -> [Range<Int>] {
        let nodes = nodeCounts()
        let most = nodes.joined().max() ?? 1
        var best: (seconds: Double, leaves: [Range<Int>])?
        for limit in 1...max(most, 1) {
            guard let cut = fastest(limit, nodes) else { continue }
            let seconds = cut.slowest + (ranks > 1 ? sum(limit) : 0)
            if best.map({ seconds < $0.seconds }) ?? true { best = (seconds, cut.leaves) }
        }
        guard let best else { preconditionFailure("no cut of \(tree.leafCount) leaves for \(ranks) ranks") }
        return best.leaves
    }

    /// Nodes of the leaves between two cuts.
    private func nodeCounts() -> [[Int]] {
        (0...units).map { low in
            (0...units).map { high in
                high <= low ? 0 : tree.program(overLeaves: low * unit..<high * unit).partials.count
            }
        }
    }

    /// The cut with at most `limit` nodes a rank whose slowest rank is fastest; among those the one whose ranks are most
    /// alike.
    private func fastest(_ limit: Int, _ nodes: [[Int]]) -> (slowest: Double, leaves: [Range<Int>])? {
        // For so many ranks and units: the slowest rank's time, the sum of squares, and where the last rank begins.
        var table: [[(slowest: Double, squares: Double, begin: Int)?]] = [
            (0...units).map { $0 == 0 ? (0, 0, 0) : nil }
        ]
        for rank in 0..<ranks {
            var row: [(slowest: Double, squares: Double, begin: Int)?] = Array(repeating: nil, count: units + 1)
            for high in 0...units {
                for low in 0...(mayBeEmpty ? high : max(high - 1, 0)) {
                    guard let before = table[rank][low], nodes[low][high] <= limit else { continue }
                    guard mayBeEmpty || high > low else { continue }
                    let time = high > low ? seconds(rank, low * unit..<high * unit) : 0
                    let slowest = max(before.slowest, time)
                    let squares = before.squares + time * time
                    if let known = row[high] {
                        let isBetter = slowest < known.slowest || (slowest == known.slowest && squares < known.squares)
                        guard isBetter else { continue }
                    }
                    row[high] = (slowest, squares, low)
                }
            }
            table.append(row)
        }
        guard let whole = table[ranks][units] else { return nil }
        var leaves: [Range<Int>] = []
        var high = units
        for rank in stride(from: ranks, to: 0, by: -1) {
            guard let low = table[rank][high]?.begin else { return nil }
            leaves.append(low * unit..<high * unit)
            high = low
        }
        return (whole.slowest, leaves.reversed())
    }
}
