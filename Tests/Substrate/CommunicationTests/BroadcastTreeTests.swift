import Communication
import Testing

@Suite("The tree of a broadcast")
struct BroadcastTreeTests {
    @Test("every rank hears of every message once, from a rank that has heard of it", arguments: 1...70)
    func reach(ranks: Int) {
        let trees = (0..<ranks).map { BroadcastTree(rank: $0, of: ranks) }
        #expect(trees[0].parent == nil)
        var heard = [0]
        var rounds = 0
        var next = [0]
        while !next.isEmpty {
            let children = next.flatMap { rank in trees[rank].children.map { (rank, $0) } }
            for (parent, child) in children { #expect(trees[child].parent == parent) }
            next = children.map { $0.1 }
            heard += next
            rounds += next.isEmpty ? 0 : 1
        }
        #expect(heard.sorted() == Array(0..<ranks))
        #expect(rounds <= Int.bitWidth - (ranks - 1).leadingZeroBitCount)
        #expect(trees[0].children.count == Int.bitWidth - (ranks - 1).leadingZeroBitCount)
    }

    @Test("what stands below a rank are neighbours", arguments: [2, 3, 8, 13, 48])
    func neighbours(ranks: Int) {
        func below(_ rank: Int) -> [Int] {
            [rank] + BroadcastTree(rank: rank, of: ranks).children.flatMap(below)
        }
        for rank in 0..<ranks {
            let all = below(rank).sorted()
            #expect(all == Array(rank..<(rank + all.count)))
        }
    }
}
