import Diagnostics
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Checkpoints

@Suite("SyntheticCheckpoint")
struct SyntheticCheckpointTests {
    static func write(_ shape: String, to directory: URL, seed: UInt64 = 1, threads: Int = 2) throws {
        let shape = try SyntheticShape(Fixtures.url("\(shape)/config.json").path)
        try SyntheticCheckpoint(shape).write(to: directory, seed: seed, threads: threads)
    }

    @Test("a made-up checkpoint opens and has the shape it was made from", arguments: ["mini-bf16", "mini-f32"])
    func opens(shape: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let out = directory.appendingPathComponent(shape)
            try Self.write(shape, to: out)
            let made = try Checkpoint(directory: out)
            #expect(made.config == (try Checkpoint(directory: Fixtures.url(shape))).config)
            let matrix = made.required(TensorNames.layer(1).downProj).floats()
            #expect(abs(Self.spread(matrix) * Float(made.config.decoder.intermediate).squareRoot() - 1) < 0.02)
            #expect(abs(Self.spread(made.required(TensorNames.embedding).floats()) / 0.02 - 1) < 0.02)
            #expect(made.required(TensorNames.finalNorm).floats().allSatisfy { $0 == 1 })
            #expect(Set(matrix).count > 300)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [shape])
        }
    }

    static func spread(_ numbers: [Float]) -> Float {
        (numbers.reduce(0) { $0 + $1 * $1 } / Float(numbers.count)).squareRoot()
    }

    @Test("the bytes depend on the seed and not on the threads")
    func deterministic() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let names = ["a", "b", "c"].map { directory.appendingPathComponent($0) }
            try Self.write("mini-f32", to: names[0], seed: 5, threads: 1)
            try Self.write("mini-f32", to: names[1], seed: 5, threads: 3)
            try Self.write("mini-f32", to: names[2], seed: 6)
            for file in try FileManager.default.contentsOfDirectory(atPath: names[0].path) {
                let contents = try names.map { try Data(contentsOf: $0.appendingPathComponent(file)) }
                #expect(contents[0] == contents[1])
                #expect((contents[0] == contents[2]) == (file != "model.safetensors"))
            }
        }
    }

    @Test("weights with heavy tails have the same spread and more outliers, and norms that differ")
    func heavyTails() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let shape = try SyntheticShape(Fixtures.url("mini-f32/config.json").path)
            let (even, heavy) = (directory.appendingPathComponent("even"), directory.appendingPathComponent("heavy"))
            try SyntheticCheckpoint(shape).write(to: even, seed: 1)
            try SyntheticCheckpoint(shape).write(to: heavy, seed: 1, heavyTails: true)
            let made = try [even, heavy].map { try Checkpoint(directory: $0) }
            let matrices = made.map { $0.required(TensorNames.layer(1).downProj).floats() }
            let inputs = Float(made[0].config.decoder.intermediate).squareRoot()
            #expect(matrices.allSatisfy { abs(Self.spread($0) * inputs - 1) < 0.1 })
            // A normal distribution has one number in 16,000 beyond four deviations, Student's t one in 160.
            let outliers = matrices.map { $0.count { abs($0) * inputs > 4 } }
            #expect(outliers[1] > 10 * (outliers[0] + 1), "\(outliers)")
            let norms = made.map { $0.required(TensorNames.finalNorm).floats() }
            #expect(Set(norms[0]) == [1] && Set(norms[1]).count > norms[1].count / 2)
            #expect(norms[1].allSatisfy { $0 > 0 } && (norms[1].max() ?? 0) > 5 * (norms[1].min() ?? 1))
        }
    }

    @Test("an existing directory is not touched, unless it is a checkpoint and is to be replaced")
    func existing() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let out = directory.appendingPathComponent("out")
            let shape = try SyntheticShape(Fixtures.url("mini-f32/config.json").path)
            try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
            let precious = out.appendingPathComponent("precious")
            try Data("x".utf8).write(to: precious)
            for replacing in [false, true] {
                let error = #expect(throws: UsageError.self) {
                    try SyntheticCheckpoint(shape).write(to: out, seed: 0, replacing: replacing)
                }
                #expect(error?.description.contains("not empty") == true)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: out.path) == ["precious"])
            try FileManager.default.removeItem(at: precious)
            try SyntheticCheckpoint(shape).write(to: out, seed: 0)
            let before = try Checkpoint(directory: out).fingerprint
            #expect(throws: UsageError.self) { try SyntheticCheckpoint(shape).write(to: out, seed: 1) }
            #expect(try Checkpoint(directory: out).fingerprint == before)
            try SyntheticCheckpoint(shape).write(to: out, seed: 1, replacing: true)
            #expect(try Checkpoint(directory: out).fingerprint != before)
        }
    }

    @Test("the remains of an interrupted run are cleared away")
    func interrupted() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let partial = directory.appendingPathComponent("out.partial")
            try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: partial.appendingPathComponent("model.safetensors"))
            try Self.write("mini-f32", to: directory.appendingPathComponent("out"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["out"])
        }
    }

    @Test("while a checkpoint is replaced there is always one, and of a link the place that it names is written")
    func exchange() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let (place, new) = (directory.appendingPathComponent("place"), directory.appendingPathComponent("new"))
            for one in [place, new] {
                try FileManager.default.createDirectory(at: one, withIntermediateDirectories: true)
                try Data(one.lastPathComponent.utf8).write(to: one.appendingPathComponent("config.json"))
            }
            let watch = Watch(place.appendingPathComponent("config.json"))
            for _ in 0..<200 { try DirectoryExchange.put(new, at: place) }
            #expect(watch.end() == 0)
            #expect(try Data(contentsOf: place.appendingPathComponent("config.json")) == Data("place".utf8))
            let link = directory.appendingPathComponent("link")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: place)
            let shape = try SyntheticShape(Fixtures.url("mini-f32/config.json").path)
            try SyntheticCheckpoint(shape).write(to: link, seed: 0, replacing: true)
            #expect(throws: Never.self) { try Checkpoint(directory: place) }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == place.path)
        }
    }

    /// Looks for a file again and again on a thread of its own.
    private final class Watch: Sendable {
        private let misses = Atomic<Int>(0)
        private let hasEnded = Atomic<Bool>(false)

        init(_ file: URL) {
            let path = file.path
            Thread.detachNewThread { [self] in
                while !hasEnded.load(ordering: .relaxed) {
                    if access(path, F_OK) != 0 { misses.add(1, ordering: .relaxed) }
                }
            }
        }

        /// How often it was not there.
        func end() -> Int {
            hasEnded.store(true, ordering: .relaxed)
            return misses.load(ordering: .relaxed)
        }
    }

    @Test("an unknown shape and a shape that is not supported are errors")
    func wrongShapes() throws {
        #expect(throws: UsageError.self) { try SyntheticShape("sail-vl2-9b") }
        var shape = try SyntheticShape("sail-vl2-2b")
        #expect(throws: UsageError.self) { try shape.cutDecoder(layers: 0) }
        try shape.cutDecoder(layers: 2)
        #expect(try shape.modelConfig(named: "x").decoder.layers == 2)
    }

    @Test("the 2B shape has the tensors, the types' bytes and the shards that are published")
    func published() throws {
        guard let file = Fixtures.modelCard("SAIL-VL2-2B/model.safetensors.index.json") else { return }
        let index = try Edited.parse(Data(contentsOf: file))
        var config = try SyntheticShape("sail-vl2-2b").modelConfig(named: "SAIL-VL2-2B")
        #expect(try config == ModelConfig(directory: file.deletingLastPathComponent()))
        // The published file stores the tied head a second time.
        config.decoder.tiedEmbeddings = false
        let plan = FileShardPlan(config.expectedTensors.filter(\.isRequired))
        let published = try #require(index.object?["weight_map"]?.object).keys.sorted()
        #expect(plan.shards.flatMap(\.tensors).map(\.name).sorted() == published)
        #expect(plan.totalBytes == 5_461_130_240)
        #expect(plan.shards.count == 2 && plan.fileName(1) == "model-00002-of-00002.safetensors")
    }

    @Test("the 8B shape is the published one, in four shards of at most five gigabytes")
    func eightBillion() throws {
        let config = try SyntheticShape("sail-vl2-8b").modelConfig(named: "8b")
        #expect(config.decoder.layers == 36 && config.decoder.heads == 32 && !config.decoder.tiedEmbeddings)
        let plan = FileShardPlan(config.expectedTensors.filter(\.isRequired))
        #expect(plan.shards.count == 4 && plan.shards.allSatisfy { $0.byteCount <= 5_000_000_000 })
        #expect(plan.index?.object?["weight_map"]?.object?.count == config.expectedTensors.filter(\.isRequired).count)
    }
}
