import Foundation

/// The safetensors files of a checkpoint and what they hold together.
struct WeightFiles: Sendable {
    static let single = "model.safetensors"
    static let index = "model.safetensors.index.json"
    /// The published index has 46 kB.
    private static let largestIndex = 64 << 20

    /// In the order of their names.
    let files: [SafetensorsFile]
    /// By tensor name: which of `files` holds it.
    private let places: [String: Int]
    /// The index file's name, or the single file's.
    let source: String

    /// Opens `model.safetensors`, or else every shard that `model.safetensors.index.json` names.
    init(directory: URL) throws(CheckpointError) {
        let has = { (name: String) in
            FileManager.default.fileExists(atPath: directory.appendingPathComponent(name).path)
        }
        if has(Self.single) {
            try self.init([SafetensorsFile(MappedFile(directory.appendingPathComponent(Self.single)))], Self.single)
        } else if has(Self.index) {
            try self.init(indexIn: directory)
        } else {
            throw .noWeights(directory: directory.path)
        }
    }

    private init(_ files: [SafetensorsFile], _ source: String) throws(CheckpointError) {
        var places: [String: Int] = [:]
        for (place, file) in files.enumerated() {
            for tensor in file.records.keys.sorted() {
                if let other = places.updateValue(place, forKey: tensor) {
                    throw .duplicateTensor(tensor: tensor, files: [files[other].mapping.name, file.mapping.name])
                }
            }
        }
        (self.files, self.places, self.source) = (files, places, source)
    }

    private init(indexIn directory: URL) throws(CheckpointError) {
        let object = try MappedFile(directory.appendingPathComponent(Self.index)).jsonObject(limit: Self.largestIndex)
        let map = try ConfigFields(file: Self.index, fields: object).section("weight_map")
        var shards: [String: String] = [:]
        for tensor in map.fields.keys.sorted() {
            guard let shard = map.fields[tensor]?.string else { throw map.wrong(tensor, expected: "a file name") }
            // A plain name: an index must not reach outside its directory.
            guard !shard.isEmpty, shard != ".", shard != "..", !shard.contains("/"), !shard.utf8.contains(0) else {
                throw .shardName(index: Self.index, tensor: tensor, shard: shard)
            }
            shards[tensor] = shard
        }
        var files: [SafetensorsFile] = []
        for shard in Set(shards.values).sorted() {
            files.append(try SafetensorsFile(MappedFile(directory.appendingPathComponent(shard))))
        }
        try self.init(files, Self.index)
        for (tensor, shard) in shards.sorted(by: { $0.key < $1.key }) {
            guard let place = places[tensor], files[place].mapping.name == shard else {
                throw .notInShard(index: Self.index, tensor: tensor, shard: shard)
            }
        }
    }

    /// What the files say about a tensor, and the file that holds it.
    func record(_ tensor: String) -> (record: TensorRecord, mapping: MappedFile)? {
        guard let place = places[tensor], let record = files[place].records[tensor] else { return nil }
        return (record, files[place].mapping)
    }

    var totalBytes: Int { files.reduce(0) { $0 + $1.mapping.bytes.count } }
}
