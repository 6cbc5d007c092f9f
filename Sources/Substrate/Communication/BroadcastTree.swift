/// Who passes a message of rank 0 on to whom: a binomial tree over the ranks.
///
/// Below a rank stand neighbours, so that hosts whose ranks are neighbours hear of a message once or a few times, and rank 0
/// sends to as many ranks as `ranks − 1` has binary digits, the farthest first.
package struct BroadcastTree: Equatable, Sendable {
    /// From whom the message comes; `nil` for rank 0.
    package let parent: Int?
    package let children: [Int]

    package init(rank: Int, of ranks: Int) {
        precondition((0..<max(ranks, 1)).contains(rank), "rank \(rank) of \(ranks)")
        parent = rank == 0 ? nil : rank & (rank - 1)
        let steps = rank == 0 ? Int.bitWidth - 2 : rank.trailingZeroBitCount
        children = (0..<steps).reversed().map { rank + (1 << $0) }.filter { $0 < ranks }
    }
}
