import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

@Suite("FileShardPlan")
struct FileShardPlanTests {
    @Test("shards with their index open as one checkpoint", arguments: [1, 10_000, 200_000, 1 << 40])
    func opens(shardBytes: Int) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let shape = try SyntheticShape(Fixtures.url("mini-f32/config.json").path)
            let config = try shape.modelConfig(named: "x")
            let tensors = config.expectedTensors.filter(\.isRequired)
            let plan = FileShardPlan(tensors, shardBytes: shardBytes)
            #expect(plan.shards.flatMap(\.tensors) == tensors)
            #expect(plan.shards.allSatisfy { $0.byteCount <= shardBytes || $0.tensors.count == 1 })
            try WeightWriter(plan, seed: 0, directory: directory).run(threads: 2) { _ in }
            if let index = plan.index {
                try Data(JSONWriter.text(index).utf8).write(to: directory.appendingPathComponent(WeightFiles.index))
            }
            let files = try WeightFiles(directory: directory)
            #expect(files.files.count == plan.shards.count)
            for tensor in tensors { #expect(files.record(tensor.name)?.record.shape == tensor.shape) }
        }
    }
}
