import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

@Suite("WeightFiles")
struct WeightFilesTests {
    static let first = "model-00001-of-00002.safetensors"
    static let second = "model-00002-of-00002.safetensors"

    static func error(_ change: (URL) throws -> Void) throws -> CheckpointError? {
        var found: CheckpointError?
        try Edited.checkpoint("mini-f32") { directory in
            try change(directory)
            found = #expect(throws: CheckpointError.self) { try WeightFiles(directory: directory) }
        }
        return found
    }

    static func index(of directory: URL) -> URL { directory.appendingPathComponent(WeightFiles.index) }

    @Test("a shard that is not there is named")
    func missingShard() throws {
        let error = try Self.error {
            try FileManager.default.removeItem(at: $0.appendingPathComponent(Self.second))
        }
        guard case .fileMissing(Self.second, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("neither the single file nor an index")
    func noWeights() throws {
        let error = try Self.error { try FileManager.default.removeItem(at: Self.index(of: $0)) }
        guard case .noWeights = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "an index may name only files beside it",
        arguments: ["../\(first)", "/etc/passwd", "a/b", "..", ".", "", "x\0"]
    )
    func names(shard: String) throws {
        let error = try Self.error { directory in
            try Edited.json(Self.index(of: directory)) { $0.set(["weight_map", "mlp1.0.bias"], .string(shard)) }
        }
        let expected = CheckpointError.shardName(index: WeightFiles.index, tensor: "mlp1.0.bias", shard: shard)
        #expect(error == expected)
    }

    @Test("an index that places a tensor in the wrong shard")
    func wrongShard() throws {
        let error = try Self.error { directory in
            try Edited.json(Self.index(of: directory)) { $0.set(["weight_map", "mlp1.0.bias"], .string(Self.first)) }
        }
        let expected = CheckpointError.notInShard(index: WeightFiles.index, tensor: "mlp1.0.bias", shard: Self.first)
        #expect(error == expected)
    }

    @Test("a tensor in two shards")
    func duplicate() throws {
        let error = try Self.error { directory in
            try Edited.appendTensor("mlp1.0.bias", "F32", [192], to: directory.appendingPathComponent(Self.first))
        }
        #expect(error == .duplicateTensor(tensor: "mlp1.0.bias", files: [Self.first, Self.second]))
    }

    @Test(
        "an index without a map of names",
        arguments: [JSONValue.null, .array([]), .object(["a": .integer(1)]), .object([:])]
    )
    func noMap(map: JSONValue) throws {
        try Edited.checkpoint("mini-f32") { directory in
            try Edited.json(Self.index(of: directory)) { $0.set("weight_map", map) }
            #expect(throws: CheckpointError.self) { try Checkpoint(directory: directory) }
        }
    }
}
