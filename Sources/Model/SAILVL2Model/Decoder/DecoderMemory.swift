package import Checkpoints
package import Communication
package import Kernels
package import Sharding
internal import Tensors

/// What a decoder rank will hold and send, from the shapes alone.
package enum DecoderMemory {
    /// Bytes of the packed weights and norms of a shard.
    package static func weightBytes(
        _ checkpoint: Checkpoint,
        plan: ShardPlan,
        rank: Int,
        format: WeightFormat = .native
    ) -> Int {
        let config = checkpoint.config.decoder
        let shapes = MatrixShapes(checkpoint: checkpoint, format: format)
        let layers = (0..<config.layers).reduce(0) { $0 + layerBytes(shapes, layer: $1, plan: plan, rank: rank) }
        let rows = plan.shards[rank].vocabularyRows.count
        let embedding = shapes.rowBytes([(TensorNames.embedding, rows)], columns: config.hidden)
        let head = config.tiedEmbeddings ? 0 : shapes.rowBytes([(TensorNames.head, rows)], columns: config.hidden)
        return layers + embedding + head + 4 * config.hidden
    }

    private static func layerBytes(_ shapes: MatrixShapes, layer: Int, plan: ShardPlan, rank: Int) -> Int {
        let checkpoint = shapes.checkpoint
        let config = checkpoint.config.decoder
        let names = TensorNames.layer(layer)
        let shard = plan.shards[rank]
        let query = shard.queryHeads.count * config.headDim
        let key = shard.kvHeads.count * config.headDim
        let mlp = shard.mlpRows.count
        let hidden = config.hidden
        return shapes.rowBytes([(names.qProj, query), (names.kProj, key), (names.vProj, key)], columns: hidden)
            + shapes.columnBytes(names.oProj, columns: query, leafColumns: config.headDim, rows: hidden)
            + shapes.rowBytes([(names.gateProj, mlp), (names.upProj, mlp)], columns: hidden)
            + shapes.columnBytes(names.downProj, columns: mlp, leafColumns: plan.mlpBlock, rows: hidden)
            + 4 * (2 * hidden + 2 * config.headDim)
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
    ///
    /// - Parameters:
    ///   - domains: which ranks share memory; by default none.
    ///   - network: between those that do not; where it is not known, the fewest bytes are sent.
    ///   - wire: how sums travel.
    package static func stepBytes(
        _ checkpoint: Checkpoint,
        _ format: WeightFormat,
        plan: ShardPlan,
        rank: Int,
        tokens: Int,
        domains: MemoryDomains? = nil,
        network: NetworkModel? = nil,
        wire: WireFormat = .f32
    ) -> Int {
        guard plan.worldSize > 1 else { return 0 }
        let config = checkpoint.config.decoder
        let sums = DecoderWorkspace.reducePlans(config, plan, domains: domains, network: network, wire: wire)
            .reduce(0) { $0 + $1.bytesSent(rank, rows: tokens) }
        let element = VocabParallelEmbedding.elementBytes(checkpoint, format)
        let embedding = tokens * config.hidden * element * (plan.worldSize - 1) / plan.worldSize
        return config.layers * sums + embedding
    }
}
