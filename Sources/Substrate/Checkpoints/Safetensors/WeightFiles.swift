import Foundation
internal import JSON

/// The safetensors files of a checkpoint and what they hold together.
struct WeightFiles: Sendable {
    static let single = "model.safetensors"
    static let index = "model.safetensors.index.json"
    /// The published index has 46 kB.
    private static let largestIndex = 64 << 20

    /// Five gigabytes, where Hugging Face's `save_pretrained` begins the next file.
    static let publishedBytes = 5_000_000_000

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

    /// What the files of a packed checkpoint say together; `nil` where they are not packed.
    func packedMetadata() throws(CheckpointError) -> PackedMetadata? {
        var all: PackedMetadata?
        for (place, file) in files.enumerated() {
            let one = try PackedMetadata(file)
            guard place == 0 || one?.format == all?.format else {
                let found = one?.format.rawValue ?? "native"
                throw .packed(
                    file: file.mapping.name,
                    expected: "\(all?.format.rawValue ?? "native") as in \(files[0].mapping.name)",
                    found: "its weights have format \(found)"
                )
            }
            if let earlier = all?.matrices {
                all?.matrices = earlier.merging(one?.matrices ?? [:]) { first, _ in first }
            } else {
                all = one
            }
        }
        return all
    }

    var totalBytes: Int { files.reduce(0) { $0 + $1.mapping.bytes.count } }
}

// How the files of a new checkpoint are named and listed.
extension WeightFiles {
    /// The published names: one file alone has no number.
    ///
    /// - Parameter file: counted from 0.
    static func fileName(_ file: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
        }
        return count == 1 ? single : "model-\(padded(file + 1))-of-\(padded(count)).safetensors"
    }

    /// `model.safetensors.index.json`.
    ///
    /// - Parameter map: from the names of tensors to those of files.
    static func index(_ map: [String: JSONValue], totalBytes: Int) -> JSONValue {
        .object(["metadata": .object(["total_size": .integer(totalBytes)]), "weight_map": .object(map)])
    }

    /// A file up to its first tensor: the header's length, then the header, padded with spaces so that the tensors begin
    /// at a multiple of `alignment`.
    static func prefix(_ header: [String: JSONValue], alignment: Int) -> [UInt8] {
        var text = Array(JSONWriter.line(.object(header)).utf8)
        let used = (text.count + 8) % alignment
        text += Array(repeating: UInt8(ascii: " "), count: used == 0 ? 0 : alignment - used)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }
}
