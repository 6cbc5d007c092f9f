package import Checkpoints
internal import Kernels
package import Sharding
internal import Tensors

/// What a decoder rank will hold and send, from the shapes alone.
package enum DecoderMemory {
    /// Bytes of the packed weights and norms of a shard.
    package static func weightBytes(_ checkpoint: Checkpoint, plan: ShardPlan, rank: Int) -> Int {
        let config = checkpoint.config.decoder
        let layers = (0..<config.layers).reduce(0) { $0 + layerBytes(checkpoint, layer: $1, plan: plan, rank: rank) }
        let rows = plan.shards[rank].vocabularyRows.count
        let embedding = matrixBytes(rows, config.hidden, [checkpoint.required(TensorNames.embedding)])
        let head = config.tiedEmbeddings ? 0 : matrixBytes(rows, config.hidden, [checkpoint.head])
        return layers + embedding + head + 4 * config.hidden
    }

    private static func layerBytes(_ checkpoint: Checkpoint, layer: Int, plan: ShardPlan, rank: Int) -> Int {
        let config = checkpoint.config.decoder
        let names = TensorNames.layer(layer)
        let shard = plan.shards[rank]
        let query = shard.queryHeads.count * config.headDim
        let key = shard.kvHeads.count * config.headDim
        let mlp = shard.mlpRows.count
        let tensor = checkpoint.required
        return matrixBytes(
            query + 2 * key,
            config.hidden,
            [tensor(names.qProj), tensor(names.kProj), tensor(names.vProj)]
        )
            + matrixBytes(config.hidden, query, [tensor(names.oProj)])
            + matrixBytes(2 * mlp, config.hidden, [tensor(names.gateProj), tensor(names.upProj)])
            + matrixBytes(config.hidden, mlp, [tensor(names.downProj)])
            + 4 * (2 * config.hidden + 2 * config.headDim)
    }

    private static func matrixBytes(_ rows: Int, _ columns: Int, _ tensors: [TensorView]) -> Int {
        guard rows > 0, columns > 0 else { return 0 }
        let storage = PackedMatrix.Storage(ColumnParallelLinear.commonType(tensors))
        return PackedMatrix.byteCount(rows: rows, columns: columns, storage: storage)
    }

    /// Bytes of the KV cache of a shard.
    package static func cacheBytes(
        _ config: ModelConfig.Decoder,
        shard: ShardPlan.Shard,
        options: DecoderOptions
    ) -> Int {
        let layout = KVLayout(
            element: options.cacheElement,
            kvHeads: shard.kvHeads.count,
            headDim: config.headDim
        )
        return layout.pageBytes * options.pages * config.layers
    }

    /// Bytes that a rank sends in a step of `tokens` tokens: two all-reduces a layer; embeddings on the average.
    package static func stepBytes(_ config: ModelConfig.Decoder, plan: ShardPlan, rank: Int, tokens: Int) -> Int {
        guard plan.worldSize > 1 else { return 0 }
        let attention = TreeAllReduce.bytesSent(
            tree: plan.attentionTree,
            leaves: plan.shards.map(\.queryHeads),
            width: config.hidden,
            rank: rank,
            rows: tokens
        )
        let mlp = TreeAllReduce.bytesSent(
            tree: plan.mlpTree,
            leaves: plan.shards.map(\.mlpLeaves),
            width: config.hidden,
            rank: rank,
            rows: tokens
        )
        let embedding = tokens * config.hidden * 4 * (plan.worldSize - 1) / plan.worldSize
        return config.layers * (attention + mlp) + embedding
    }
}
