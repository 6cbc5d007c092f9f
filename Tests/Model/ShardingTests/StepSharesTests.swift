import Checkpoints
import TestSupport
import Testing

@testable import Sharding

@Suite("Shares that make a sum soonest complete")
struct StepSharesTests {
    @Test("no other cut of small trees takes less, whatever ranks and sums cost")
    func bruteForce() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<300 {
            let unit = Int.random(in: 1...2, using: &random)
            let tree = ReductionTree(leafCount: unit * Int.random(in: 3...9, using: &random))
            let ranks = Int.random(in: 1...3, using: &random)
            let speeds = (0..<ranks).map { _ in Double.random(in: 0.3...1, using: &random) }
            let price = Double.random(in: 0...3, using: &random)
            let mayBeEmpty = Bool.random(using: &random)
            let shares = StepShares(
                tree: tree,
                unit: unit,
                ranks: ranks,
                mayBeEmpty: mayBeEmpty,
                seconds: { Double($1.count) / speeds[$0] },
                sum: { price * Double($0) }
            )
            let found = shares.best()
            #expect(found.flatMap(Array.init) == Array(0..<tree.leafCount))
            #expect(mayBeEmpty || found.allSatisfy { !$0.isEmpty })
            #expect(found.allSatisfy { $0.lowerBound % unit == 0 })
            let least = Self.cuts(tree.leafCount, unit, ranks, mayBeEmpty).map { Self.cost($0, shares) }.min() ?? 0
            #expect(Self.cost(found, shares) <= least * (1 + 1e-12))
        }
    }

    private static func cost(_ leaves: [Range<Int>], _ shares: StepShares) -> Double {
        let slowest = leaves.enumerated().map { $1.isEmpty ? 0 : shares.seconds($0, $1) }.max() ?? 0
        let nodes = leaves.map { shares.tree.program(overLeaves: $0).partials.count }.max() ?? 0
        return slowest + (shares.ranks > 1 ? shares.sum(max(nodes, 1)) : 0)
    }

    private static func cuts(_ leaves: Int, _ unit: Int, _ ranks: Int, _ mayBeEmpty: Bool) -> [[Range<Int>]] {
        guard ranks > 1 else { return mayBeEmpty || leaves > 0 ? [[0..<leaves]] : [] }
        return stride(from: 0, through: leaves, by: unit).flatMap { first -> [[Range<Int>]] in
            guard mayBeEmpty || first > 0 else { return [] }
            return cuts(leaves - first, unit, ranks - 1, mayBeEmpty).map { rest in
                [0..<first] + rest.map { ($0.lowerBound + first)..<($0.upperBound + first) }
            }
        }.filter { mayBeEmpty || $0.allSatisfy { !$0.isEmpty } }
    }

    @Test("powers of two are cut evenly; three ranks of the 2B shape end at nodes")
    func published() throws {
        let config = ShardPlanTests.shapes[0]
        for ranks in [1, 2, 4, 8] {
            let plan = try ShardPlan(config, ranks: ranks)
            #expect(Set(plan.shards.map(\.queryHeads.count)) == [16 / ranks])
            #expect(Set(plan.shards.map(\.mlpLeaves.count)) == [32 / ranks])
        }
        let wide = PublishedShape.twoBillion.decoder
        let nodes = try ShardPlan(wide, ranks: 3).shards.map {
            ReductionTree(leafCount: 32).program(overLeaves: $0.mlpLeaves).partials.count
        }
        #expect(nodes.allSatisfy { $0 <= 2 })
    }

    @Test("a host of half the speed gets half as much; where sums cost more than that saves, whole nodes")
    func unequal() throws {
        let config = PublishedShape.twoBillion.decoder
        let speeds = [1, 0.5]
        var costs = ShareCosts(secondsPerWeight: 1 / 30e9, latency: 20e-6, secondsPerByte: 1 / 1e9)
        let fast = try ShardPlan(config, ranks: 2, weights: speeds, costs: costs).shards
        // 32 leaves can be shared so that the slower one takes no longer than 22 of them take the faster one.
        #expect(fast[0].mlpLeaves.count <= 22 && fast[1].mlpLeaves.count <= 11)
        costs.secondsPerByte = 1e-5
        let slow = try ShardPlan(config, ranks: 2, weights: speeds, costs: costs)
        let nodes = slow.shards.map { slow.mlpTree.program(overLeaves: $0.mlpLeaves).partials.count }
        #expect(nodes.allSatisfy { $0 <= 1 })
    }
}
