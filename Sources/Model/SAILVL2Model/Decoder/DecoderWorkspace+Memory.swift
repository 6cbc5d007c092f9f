package import Checkpoints
package import Communication
package import Kernels
package import Sharding

extension DecoderWorkspace {
    /// How the sums of attention and MLP come together.
    package static func reducePlans(
        _ config: ModelConfig.Decoder,
        _ plan: ShardPlan,
        domains: MemoryDomains? = nil,
        network: NetworkModel? = nil,
        wire: WireFormat = .f32
    ) -> [ReducePlan] {
        [(plan.attentionTree, plan.shards.map(\.queryHeads)), (plan.mlpTree, plan.shards.map(\.mlpLeaves))].map {
            ReducePlan(tree: $0, leaves: $1, width: config.hidden, domains: domains, network: network, wire: wire)
        }
    }

    /// Bytes of the work areas, without the cache: what `init` allocates.
    ///
    /// - Parameter domains: which ranks share memory; where that is not known, the most that it can be.
    package static func workBytes(
        _ config: ModelConfig.Decoder,
        plan: ShardPlan,
        rank: Int,
        options: DecoderOptions,
        domains: MemoryDomains? = nil
    ) -> Int {
        let shard = plan.shards[rank]
        let perRow = 2 * config.hidden + projectedWidth(config, shard) + shard.queryHeads.count * config.headDim
        let areas =
            4 * (options.maxRows * perRow + options.maxLogitsRows * shard.vocabularyRows.count)
            + RotaryTable.byteCount(positions: positions(config, options), headDim: config.headDim)
        let sums = { (domains: MemoryDomains) in
            reducePlans(config, plan, domains: domains, wire: options.wireFormat)
                .reduce(0) { $0 + TreeAllReduce.workBytes($1, rank: rank, maxRows: options.maxRows) }
        }
        return areas + (domains.map(sums) ?? max(sums(.apart(plan.worldSize)), sums(.together(plan.worldSize))))
    }

    /// Bytes of them that lie in memory which the decoder ranks of one host share: rows of embeddings, partial sums.
    ///
    /// - Parameter domains: which ranks share memory; where that is not known, all of them.
    package static func sharedBytes(
        _ config: ModelConfig.Decoder,
        plan: ShardPlan,
        rank: Int,
        options: DecoderOptions,
        domains: MemoryDomains? = nil
    ) -> Int {
        guard plan.worldSize > 1 else { return 0 }
        let domains = domains ?? .together(plan.worldSize)
        let copies = domains.count == 1 && !plan.shards[rank].vocabularyRows.isEmpty
        return reducePlans(config, plan, domains: domains).reduce(copies ? options.maxRows * config.hidden * 4 : 0) {
            $0 + TreeAllReduce.sharedBytes($1, rank: rank, maxRows: options.maxRows)
        }
    }
}
