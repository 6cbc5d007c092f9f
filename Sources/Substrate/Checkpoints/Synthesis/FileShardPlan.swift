internal import JSON

/// How the tensors of a made-up checkpoint are laid out in files, all of them bfloat16.
struct FileShardPlan {
    struct Shard {
        var tensors: [ExpectedTensor] = []
        var byteCount = 0

        /// The file up to its first tensor: the header's length, then the header, padded so that tensors are aligned.
        var prefix: [UInt8] {
            var fields: [String: JSONValue] = ["__metadata__": .object(["format": .string("pt")])]
            var offset = 0
            for tensor in tensors {
                let end = offset + tensor.bfloat16Bytes
                fields[tensor.name] = .object([
                    "dtype": .string("BF16"),
                    "shape": .array(tensor.shape.map { .integer($0) }),
                    "data_offsets": .array([.integer(offset), .integer(end)]),
                ])
                offset = end
            }
            return WeightFiles.prefix(fields, alignment: 8)
        }
    }

    private(set) var shards: [Shard] = []

    init(_ tensors: [ExpectedTensor], shardBytes: Int = WeightFiles.publishedBytes) {
        var shard = Shard()
        for tensor in tensors {
            if !shard.tensors.isEmpty, shard.byteCount + tensor.bfloat16Bytes > shardBytes {
                shards.append(shard)
                shard = Shard()
            }
            shard.tensors.append(tensor)
            shard.byteCount += tensor.bfloat16Bytes
        }
        shards.append(shard)
    }

    /// Bytes of all tensors.
    var totalBytes: Int { shards.reduce(0) { $0 + $1.byteCount } }

    func fileName(_ shard: Int) -> String { WeightFiles.fileName(shard, of: shards.count) }

    /// `model.safetensors.index.json`; `nil` when there is one file.
    var index: JSONValue? {
        guard shards.count > 1 else { return nil }
        var map: [String: JSONValue] = [:]
        for (number, shard) in shards.enumerated() {
            for tensor in shard.tensors { map[tensor.name] = .string(fileName(number)) }
        }
        return WeightFiles.index(map, totalBytes: totalBytes)
    }
}

extension ExpectedTensor {
    /// Two bytes an element; a checked configuration keeps the product far below overflow.
    var bfloat16Bytes: Int { shape.reduce(2, *) }
}
