package import Checkpoints

/// What each decoder rank has room for, and what a share takes of it.
package struct ShareRoom: Sendable, Equatable {
    /// Bytes of each rank for its share of layers and cache.
    package var bytes: [Int]
    /// Bytes of a weight as it is held, rounded up to hundredths.
    package var weightBytes: Double
    /// Bytes of the cache for one KV head, over all layers.
    package var cacheBytes: Int

    package init(bytes: [Int], weightBytes: Double, cacheBytes: Int) {
        (self.bytes, self.weightBytes, self.cacheBytes) = (bytes, weightBytes, cacheBytes)
    }
}

extension ShardPlan {
    /// Whether there are shares for which every rank has room.
    package static func fits(_ config: ModelConfig.Decoder, weights: [Double], room: ShareRoom) -> Bool {
        search(config, weights, room).search.best() != nil
    }

    /// Whether every rank has room for its share.
    package func hasRoom(_ room: ShareRoom, _ config: ModelConfig.Decoder) -> Bool {
        let row = Double(config.headDim * config.hidden)
        return shards.allSatisfy { shard in
            let attention = Double(2 * shard.queryHeads.count + 2 * shard.kvHeads.count) * row
            let mlp = Double(3 * shard.mlpRows.count * config.hidden)
            let weights = Int((attention + mlp) * Double(config.layers) * room.weightBytes)
            return weights + room.cacheBytes * shard.kvHeads.count <= room.bytes[shard.rank]
        }
    }

    /// Shares with which a step is as short as it can be within the ranks' room; `nil` if they have too little for the model.
    static func within(
        _ room: ShareRoom,
        _ config: ModelConfig.Decoder,
        _ weights: [Double]
    ) -> (heads: [Range<Int>], leaves: [Range<Int>])? {
        let (search, queries) = search(config, weights, room)
        guard let shares = search.best() else { return nil }
        return (ranges(shares.units.map { $0 * queries }), ranges(shares.leaves))
    }

    /// The search, and the query heads of one of its units.
    private static func search(
        _ config: ModelConfig.Decoder,
        _ weights: [Double],
        _ room: ShareRoom?
    ) -> (search: ShareSearch, queries: Int) {
        let group = config.heads / config.kvHeads
        // KV heads with their query heads while ranks do not outnumber them, as everywhere.
        let queries = weights.count <= config.kvHeads ? group : 1
        let units = config.heads / queries
        let row = Double(config.headDim * config.hidden)
        let bytes = (0...units).map { unit -> Double in
            let kv = queries == 1 ? (unit + group - 1) / group : unit
            return Double(2 * unit * queries + 2 * kv) * row
        }
        let leaf = Double(3 * config.mlpBlock * config.hidden)
        var search = ShareSearch(attentionBytes: bytes, leafBytes: leaf, leaves: config.mlpLeaves, speeds: weights)
        if let room {
            let layers = Double(config.layers)
            let unit = Double(2 * queries + 2) * row * layers * room.weightBytes
            search.attentionMemory = Int(unit) + room.cacheBytes
            search.leafMemory = Int(leaf * layers * room.weightBytes)
            search.room = room.bytes
        }
        return (search, queries)
    }

    private static func ranges(_ counts: [Int]) -> [Range<Int>] {
        var start = 0
        return counts.map { count in
            defer { start += count }
            return start..<(start + count)
        }
    }
}
