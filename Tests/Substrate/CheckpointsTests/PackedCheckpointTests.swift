import Diagnostics
import Foundation
import JSON
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Packed checkpoints")
struct PackedCheckpointTests {
    /// A packed checkpoint whose matrices are filled with a pattern; weights are not computed here.
    static func write(_ model: String = "mini-f32", _ format: WeightFormat = .q8, to directory: URL) throws {
        let packed = try PackedCheckpoint(Checkpoint(directory: Fixtures.url(model)), format: format)
        try packed.write(to: directory) { matrix in
            let pattern = (0..<matrix.byteCount).map { UInt8(truncatingIfNeeded: $0 / 64 &+ matrix.name.utf8.count) }
            try pattern.withUnsafeBytes { try matrix.write($0, at: 0) }
        }
    }

    @Test("what was written is found again", arguments: ["mini-f32", "mini-bf16"], WeightFormat.quantised)
    func written(model: String, format: WeightFormat) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let out = directory.appendingPathComponent(model)
            try Self.write(model, format, to: out)
            let source = try Checkpoint(directory: Fixtures.url(model))
            let packed = try Checkpoint(directory: out)
            #expect(packed.storedFormat == format && source.storedFormat == .native)
            #expect(packed.config == source.config && packed.fingerprint != source.fingerprint)
            for expected in source.config.expectedTensors where !expected.isQuantisable {
                let (old, new) = (source.tensor(expected.name), packed.tensor(expected.name))
                #expect(old.map { Array($0.bytes) } == new.map { Array($0.bytes) }, "\(expected.name)")
                #expect(old?.elementType == new?.elementType)
            }
            for expected in source.config.expectedTensors where expected.isQuantisable {
                let matrix = packed.packed(expected.name)
                #expect([matrix.rows, matrix.columns] == expected.shape && packed.tensor(expected.name) == nil)
                let all = 0..<matrix.byteRange.count
                let bytes = [UInt8](matrix.bytes(all))
                #expect(bytes.last == UInt8(truncatingIfNeeded: (all.count - 1) / 64 &+ expected.name.utf8.count))
                let address = matrix.bytes(all).baseAddress.map { Int(bitPattern: $0) } ?? 1
                #expect(address % 4096 == 0)
                var read = [UInt8](repeating: 0, count: 100)
                try read.withUnsafeMutableBytes { try matrix.read(64..<164, into: try #require($0.baseAddress)) }
                #expect(read == Array(bytes[64..<164]))
            }
            for name in ["vocab.json", "merges.txt", "tokenizer_config.json", "generation_config.json"] {
                #expect(FileManager.default.fileExists(atPath: out.appendingPathComponent(name).path), "\(name)")
            }
        }
    }

    @Test("a file of q4m says the bits of every matrix; others say what they said before there was q4m")
    func bits() throws {
        let source = try Checkpoint(directory: Fixtures.url("mini-f32"))
        for format in WeightFormat.quantised {
            try Fixtures.withTemporaryDirectory { directory in
                let out = directory.appendingPathComponent("out")
                try Self.write("mini-f32", format, to: out)
                let (header, _) = try Edited.split(out.appendingPathComponent("model.safetensors"))
                let metadata = try #require(header.object?["__metadata__"]?.object)
                #expect(metadata["flotilla.layout"] == .string("1"))
                #expect(metadata["flotilla.calibration"] == nil)
                let packed = try Checkpoint(directory: out)
                for expected in source.config.expectedTensors where expected.isQuantisable {
                    let wide = format == .q8 || (format == .q4m && source.mix.wide.contains(expected.name))
                    #expect(packed.packed(expected.name).storage == (wide ? .q8 : .q4))
                    let block = min(expected.leafColumns ?? expected.shape[1], expected.shape[1])
                    let words = "\(expected.shape[0]) \(expected.shape[1]) \(block)"
                    let bits = format == .q4m ? (wide ? " q8" : " q4") : ""
                    #expect(metadata["flotilla.matrix.\(expected.name)"] == .string(words + bits))
                }
                #expect(packed.calibration == nil)
            }
        }
        #expect(!source.mix.wide.isEmpty)
    }

    @Test("a file says what its scales were chosen by")
    func calibration() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let source = try Checkpoint(directory: Fixtures.url("mini-f32"))
            let out = directory.appendingPathComponent("out")
            try PackedCheckpoint(source, format: .q4, calibration: "2 conversations").write(to: out) { _ in }
            #expect(try Checkpoint(directory: out).calibration == "2 conversations")
        }
    }

    @Test("a checkpoint that is split into files has an index")
    func split() throws {
        let source = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let whole = PackedFilePlan(source, format: .q4)
        let plan = PackedFilePlan(source, format: .q4, fileBytes: 300_000)
        #expect(whole.files.count == 1 && whole.index == nil)
        #expect(plan.files.count > 2 && plan.totalBytes == whole.totalBytes)
        #expect(plan.files.allSatisfy { $0.byteCount <= 300_000 })
        #expect(plan.index?.object?["weight_map"]?.object?.count == whole.files[0].tensors.count)
        #expect(plan.files.allSatisfy { $0.prefix(.q4).count % 4096 == 0 })
    }

    @Test("only a published checkpoint can be packed, and only into a quantised format")
    func refusals() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let out = directory.appendingPathComponent("packed")
            try Self.write(to: out)
            let packed = try Checkpoint(directory: out)
            #expect(throws: UsageError.self) { try PackedCheckpoint(packed, format: .q4) }
            let plain = try Checkpoint(directory: Fixtures.url("mini-f32"))
            #expect(throws: UsageError.self) { try PackedCheckpoint(plain, format: .native) }
            // Nor does it overwrite anything.
            #expect(throws: UsageError.self) { try Self.write(to: out) }
            #expect(try packed.format(asked: nil) == .q8 && packed.format(asked: .q8) == .q8)
            #expect(throws: UsageError.self) { try packed.format(asked: .native) }
            #expect(throws: UsageError.self) { try packed.format(asked: .q4) }
            #expect(try plain.format(asked: nil) == .native && plain.format(asked: .q4) == .q4)
        }
    }

    @Test("a failure leaves no directory behind")
    func failure() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let packed = try PackedCheckpoint(Checkpoint(directory: Fixtures.url("mini-f32")), format: .q8)
            var matrices = 0
            let error = #expect(throws: UsageError.self) {
                try packed.write(to: directory.appendingPathComponent("out")) { matrix in
                    matrices += 1
                    if matrices == 5 { throw UsageError("the disk is full") }
                    try [UInt8](repeating: 1, count: 64).withUnsafeBytes { try matrix.write($0, at: 0) }
                }
            }
            #expect(error?.description == "the disk is full")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        }
    }
}
