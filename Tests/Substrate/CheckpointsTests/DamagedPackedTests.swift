import Diagnostics
import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

/// Packed files that are wrong: refused by a sentence that names what is wrong, before a byte of it is used.
@Suite("Damaged packed checkpoints")
struct DamagedPackedTests {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let says: String
        let make: @Sendable (inout JSONValue) -> Void
    }

    static let down = TensorNames.layer(0).downProj

    static let damages = [
        Damage(testDescription: "another layout", says: "layout 2, expected 1") {
            $0.set(["__metadata__", "flotilla.layout"], .string("2"))
        },
        Damage(testDescription: "an unknown format", says: "format \"q5\", expected q8, q4 or q4m") {
            $0.set(["__metadata__", "flotilla.format"], .string("q5"))
        },
        Damage(testDescription: "the other format", says: "bytes of type U8, expected") {
            $0.set(["__metadata__", "flotilla.format"], .string("q4"))
        },
        Damage(testDescription: "mixed bits of which it says nothing", says: "columns of a block, and q8 or q4") {
            $0.set(["__metadata__", "flotilla.format"], .string("q4m"))
        },
        Damage(testDescription: "other bits than the file's", says: "expected rows, columns and columns of a block") {
            $0.set(["__metadata__", "flotilla.matrix." + down], .string("64 160 32 q4"))
        },
        Damage(testDescription: "no format", says: "element type U8") {
            $0.set(["__metadata__", "flotilla.format"], nil)
        },
        Damage(testDescription: "no shape", says: "no packed shape") {
            $0.set(["__metadata__", "flotilla.matrix." + down], nil)
        },
        Damage(testDescription: "a shape that is no shape", says: "rows, columns") {
            $0.set(["__metadata__", "flotilla.matrix." + down], .string("64 x 160"))
        },
        Damage(testDescription: "other rows", says: "the packed shape [65, ") {
            $0.set(["__metadata__", "flotilla.matrix." + down], .string("65 160 32"))
        },
        Damage(testDescription: "other blocks", says: "in blocks of 64 columns") {
            $0.set(["__metadata__", "flotilla.matrix." + down], .string("64 160 64"))
        },
        Damage(testDescription: "another type", says: "U8") { $0.set([down, "dtype"], .string("I8")) },
        Damage(testDescription: "no matrix", says: "\(down)\" is missing") {
            let record = $0.object?[down]
            $0.set([down], nil)
            $0.set(["unknown"], record)
        },
    ]

    @Test("each says what it is", arguments: damages)
    func damaged(damage: Damage) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let out = directory.appendingPathComponent("packed")
            try PackedCheckpointTests.write(to: out)
            let file = out.appendingPathComponent("model.safetensors")
            var (header, payload) = try Edited.split(file)
            damage.make(&header)
            // As long as before, so that the matrices still begin at pages.
            let prefix = WeightFiles.prefix(header.object ?? [:], alignment: 4096)
            try (Data(prefix) + payload).write(to: file)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint(directory: out) }
            #expect(error?.exitCode == .checkpoint)
            #expect(error?.description.contains(damage.says) == true, "\(error?.description ?? "")")
        }
    }

    @Test("a file that is cut short, and matrices that do not begin at a page")
    func lengths() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let out = directory.appendingPathComponent("packed")
            try PackedCheckpointTests.write(to: out)
            let file = out.appendingPathComponent("model.safetensors")
            let whole = try Data(contentsOf: file)
            try whole.prefix(whole.count - 5000).write(to: file)
            #expect(throws: CheckpointError.self) { try Checkpoint(directory: out) }
            // A header of another length moves everything behind it.
            let (header, payload) = try Edited.split(directory.appendingPathComponent("packed/model.safetensors"))
            try Edited.safetensors(header, payload + Data(count: 5000)).write(to: file)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint(directory: out) }
            #expect(error?.description.contains("a multiple of 4096") == true, "\(error?.description ?? "")")
        }
    }

    @Test("100 packed checkpoints that are damaged at random are refused cleanly or read safely")
    func random() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let good = directory.appendingPathComponent("good")
            try PackedCheckpointTests.write(to: good)
            try FileManager.default.removeItem(at: good.appendingPathComponent("merges.txt"))
            var refused = 0
            for seed in 0..<100 {
                let copy = directory.appendingPathComponent("\(seed)")
                try FileManager.default.copyItem(at: good, to: copy)
                var random = SeededRandom(seed: UInt64(seed))
                try DamagedCheckpointTests.damage(copy, &random)
                do {
                    let checkpoint = try Checkpoint(directory: copy)
                    for expected in checkpoint.config.expectedTensors
                    where expected.isQuantisable && checkpoint.storedFormat.isQuantised {
                        let matrix = checkpoint.packed(expected.name)
                        #expect(matrix.bytes(0..<matrix.byteRange.count).count == matrix.byteRange.count)
                    }
                } catch is CheckpointError {
                    refused += 1
                }
                try FileManager.default.removeItem(at: copy)
            }
            #expect(refused > 20)
        }
    }
}
