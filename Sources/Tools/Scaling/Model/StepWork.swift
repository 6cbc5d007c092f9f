package import Checkpoints
package import Sharding

/// What a rank's share of a step costs at least, from the shapes alone.
package struct StepWork: Sendable {
    private let config: ModelConfig.Decoder
    private let shard: ShardPlan.Shard

    package init(_ config: ModelConfig.Decoder, shard: ShardPlan.Shard) { (self.config, self.shard) = (config, shard) }

    /// Weights of this rank's layers, norms aside.
    var layerWeights: Double {
        let query = shard.queryHeads.count * config.headDim
        let key = shard.kvHeads.count * config.headDim
        let perLayer = config.hidden * (2 * query + 2 * key + 3 * shard.mlpRows.count)
        return Double(config.layers) * Double(perLayer)
    }

    /// Weights of this rank's rows of the head.
    private var headWeights: Double { Double(config.hidden) * Double(shard.vocabularyRows.count) }

    /// Weights of this rank's layers and of its rows of the head.
    package var weights: Double { layerWeights + headWeights }

    /// Operations of the products of `tokens` tokens by the weights of the layers, and of a row of logits a sequence.
    package func productOperations(tokens: Int, sequences: Int = 1) -> Double {
        2 * Double(tokens) * layerWeights + 2 * Double(sequences) * headWeights
    }

    /// Floating-point operations of the attention of `tokens` consecutive tokens behind `context` others.
    package func attentionOperations(tokens: Int, context: Int) -> Double {
        let keys = Double(tokens) * (Double(context) + Double(tokens + 1) / 2)
        return 4 * Double(config.layers * shard.queryHeads.count * config.headDim) * keys
    }

    /// Operations of a step of a workload.
    package func operations(_ work: Workload) -> Double {
        let attention = attentionOperations(tokens: work.tokens, context: work.context)
        return productOperations(tokens: work.rows, sequences: work.sequences) + Double(work.sequences) * attention
    }

    /// Bytes that a step of a workload reads: the weights once, and the keys and values of its sequences.
    ///
    /// - Parameters:
    ///   - weightBytes: bytes of a weight.
    ///   - cacheBytes: bytes of a number of a key or a value.
    package func readBytes(_ work: Workload, weightBytes: Double, cacheBytes: Double = 2) -> Double {
        let kept = Double(config.layers * 2 * shard.kvHeads.count * config.headDim)
        let cache = Double(work.sequences) * (Double(work.context) + Double(work.tokens) / 2) * kept * cacheBytes
        return weights * weightBytes + cache
    }
}

extension WeightFormat {
    /// Bytes of a weight, scales included; of `native`, as published, and of `q4m` at most.
    package var bytesPerWeight: Double {
        switch self {
        case .native, .bf16: 2
        case .q8: 8.5 / 8
        case .q4: 4.5 / 8
        case .q4m: WeightMix.mostBits / 8
        }
    }
}
