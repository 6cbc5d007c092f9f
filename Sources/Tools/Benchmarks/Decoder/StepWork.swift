internal import Checkpoints
internal import Kernels
internal import Sharding

/// What a rank's share of a step costs at least, from the shapes alone.
struct StepWork {
    private let config: ModelConfig.Decoder
    private let shard: ShardPlan.Shard

    init(_ config: ModelConfig.Decoder, shard: ShardPlan.Shard) { (self.config, self.shard) = (config, shard) }

    /// Weights of this rank's layers, norms aside.
    var layerWeights: Double {
        let query = shard.queryHeads.count * config.headDim
        let key = shard.kvHeads.count * config.headDim
        let perLayer = config.hidden * (2 * query + 2 * key + 3 * shard.mlpRows.count)
        return Double(config.layers) * Double(perLayer)
    }

    /// Operations of the products of `tokens` tokens by the weights of the layers, and of one row of logits.
    func productOperations(tokens: Int) -> Double {
        2 * Double(tokens) * layerWeights + 2 * Double(config.hidden * shard.vocabularyRows.count)
    }

    /// Floating-point operations of the attention of `tokens` consecutive tokens behind `context` others.
    func attentionOperations(tokens: Int, context: Int) -> Double {
        let keys = Double(tokens) * (Double(context) + Double(tokens + 1) / 2)
        return 4 * Double(config.layers * shard.queryHeads.count * config.headDim) * keys
    }

    /// Bytes of the keys and values of one token in all layers.
    func cacheBytes(_ cache: KVCachePages) -> Double {
        Double(cache.layers * cache.layout.pageBytes) / Double(KVLayout.pageTokens)
    }
}
