import Checkpoints
import Testing

@testable import Sharding

@Suite("The shard plan")
struct ShardPlanTests {
    static func config(
        heads: Int,
        kvHeads: Int,
        intermediate: Int,
        vocabulary: Int,
        hidden: Int = 64
    ) -> ModelConfig.Decoder {
        ModelConfig.Decoder(
            layers: 2,
            hidden: hidden,
            heads: heads,
            kvHeads: kvHeads,
            headDim: hidden > 64 ? 128 : 16,
            intermediate: intermediate,
            vocabulary: vocabulary,
            maxPositions: 1024,
            ropeTheta: 1e6,
            rmsNormEpsilon: 1e-6,
            tiedEmbeddings: true
        )
    }

    static let shapes = [
        config(heads: 16, kvHeads: 8, intermediate: 6144, vocabulary: 151_936, hidden: 2048),
        config(heads: 32, kvHeads: 8, intermediate: 12288, vocabulary: 151_936, hidden: 4096),
        config(heads: 12, kvHeads: 4, intermediate: 320, vocabulary: 960),
        config(heads: 4, kvHeads: 2, intermediate: 160, vocabulary: 768),
        config(heads: 7, kvHeads: 7, intermediate: 100, vocabulary: 333),
    ]

    @Test("shares are consecutive and complete for every rank count", arguments: shapes)
    func sharesCoverTheModel(config: ModelConfig.Decoder) throws {
        for ranks in 1...config.heads {
            let plan = try ShardPlan(config, ranks: ranks)
            #expect(plan.shards.flatMap { Array($0.queryHeads) } == Array(0..<config.heads))
            #expect(plan.shards.flatMap { Array($0.mlpRows) } == Array(0..<config.intermediate))
            #expect(plan.shards.flatMap { Array($0.mlpLeaves) } == Array(0..<plan.mlpTree.leafCount))
            #expect(plan.shards.flatMap { Array($0.vocabularyRows) } == Array(0..<config.vocabulary))
            let group = config.heads / config.kvHeads
            for shard in plan.shards {
                #expect(!shard.queryHeads.isEmpty)
                #expect(shard.queryHeads.allSatisfy { shard.kvHeads.contains($0 / group) })
            }
        }
    }

    @Test("the leaves do not depend on the ranks", arguments: shapes)
    func leavesAreTheModels(config: ModelConfig.Decoder) throws {
        let one = try ShardPlan(config, ranks: 1)
        for ranks in 2...config.heads {
            let plan = try ShardPlan(config, ranks: ranks)
            #expect(plan.mlpTree == one.mlpTree)
            #expect(plan.mlpBlock == one.mlpBlock)
            #expect(plan.attentionTree == one.attentionTree)
        }
    }

    @Test("KV heads stay whole until ranks outnumber them, then are shared")
    func kvHeadsAreSharedOnlyWhenNeeded() throws {
        let config = Self.shapes[0]
        let three = try ShardPlan(config, ranks: 3)
        #expect(three.shards.map(\.kvHeads.count).reduce(0, +) == 8)
        #expect(three.shards.map(\.queryHeads.count).sorted() == [4, 6, 6])
        let twelve = try ShardPlan(config, ranks: 12)
        #expect(twelve.shards.map(\.kvHeads.count).reduce(0, +) > 8)
    }

    @Test("a machine of twice the speed gets about twice the rows")
    func weightsAreFollowed() throws {
        let plan = try ShardPlan(Self.shapes[1], ranks: 2, weights: [2, 1])
        #expect(plan.shards.map(\.vocabularyRows.count)[0] > 95_000)
        #expect(plan.shards[0].queryHeads.count == 20 || plan.shards[0].queryHeads.count == 24)
        #expect((20...24).contains(plan.shards[0].mlpLeaves.count))
    }

    @Test("more ranks than query heads are refused with the allowed range")
    func tooManyRanks() {
        #expect(throws: (any Error).self) { try ShardPlan(Self.shapes[3], ranks: 5) }
        #expect(throws: (any Error).self) { try ShardPlan(Self.shapes[3], ranks: 0) }
        #expect(throws: (any Error).self) { try ShardPlan(Self.shapes[3], ranks: 2, weights: [1]) }
        #expect(throws: (any Error).self) { try ShardPlan(Self.shapes[3], ranks: 2, weights: [1, -1]) }
    }
}
