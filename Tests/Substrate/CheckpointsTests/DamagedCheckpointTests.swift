import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

/// Checkpoints that are damaged at random, by seed: each must open or be refused by a `CheckpointError`.
@Suite("Damaged checkpoints")
struct DamagedCheckpointTests {
    @Test("200 damaged checkpoints are refused cleanly or read safely", arguments: ["mini-bf16", "mini-f32"])
    func damaged(name: String) throws {
        var refused = 0
        for seed in 0..<100 {
            try Edited.checkpoint(name) { directory in
                var random = SeededRandom(seed: UInt64(seed))
                try Self.damage(directory, &random)
                do {
                    try Self.readEverything(Checkpoint(directory: directory))
                } catch is CheckpointError {
                    refused += 1
                } catch {
                    Issue.record("seed \(seed): \(error)")
                }
            }
        }
        // The rest changed a number, a letter of an unused name, or white space.
        #expect(refused > 50)
    }

    static func readEverything(_ checkpoint: Checkpoint) throws {
        for expected in checkpoint.config.expectedTensors {
            let view = checkpoint.tensor(expected.name)
            if expected.isRequired { #expect(view != nil) }
            // A byte of every page, and the last one.
            guard let bytes = view?.bytes else { continue }
            var sum = bytes.last.map(UInt64.init) ?? 0
            for place in stride(from: 0, to: bytes.count, by: 4096) { sum &+= UInt64(bytes[place]) }
            #expect(sum <= UInt64(bytes.count) * 255)
        }
    }

    static func damage(_ directory: URL, _ random: inout SeededRandom) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        guard let name = names.filter({ $0 != "generation_config.json" }).randomElement(using: &random) else { return }
        let file = directory.appendingPathComponent(name)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: try FileManager.default.removeItem(at: file)
        case 1: try truncate(file, &random)
        case 2: try flipBytes(file, within: 8, &random)
        case 3, 4: try flipBytes(file, within: 3000, &random)
        default:
            if name.hasSuffix(".safetensors") {
                try Edited.header(file) { lie(&$0, &random) }
            } else {
                try Edited.json(file) { lie(&$0, &random) }
            }
        }
    }

    static func truncate(_ file: URL, _ random: inout SeededRandom) throws {
        let data = try Data(contentsOf: file)
        try data.prefix(Int.random(in: 0..<data.count, using: &random)).write(to: file)
    }

    static func flipBytes(_ file: URL, within limit: Int, _ random: inout SeededRandom) throws {
        var data = try Data(contentsOf: file)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            data[Int.random(in: 0..<min(limit, data.count), using: &random)] ^= UInt8.random(
                in: 1...255,
                using: &random
            )
        }
        try data.write(to: file)
    }

    static let lies: [JSONValue?] = [
        nil, .null, .bool(true), .bool(false), .integer(-1), .integer(0), .integer(1), .integer(7), .integer(1 << 40),
        .integer(.max), .integer(.min), .number(0.5), .number(1e300), .number(-0.0), .string(""), .string("F16"),
        .string("../x"), .array([]), .array([.integer(.max), .integer(.max)]), .object([:]),
    ]

    /// Replaces one value, somewhere at random in the tree.
    static func lie(_ value: inout JSONValue, _ random: inout SeededRandom) {
        let atHere = Int.random(in: 0..<4, using: &random) == 0
        switch value {
        case .object(var fields) where !fields.isEmpty:
            let keys = fields.keys.sorted()
            let key = keys[Int.random(in: 0..<keys.count, using: &random)]
            let isContainer = fields[key]?.object != nil || fields[key]?.array != nil
            if isContainer, !atHere, var inner = fields[key] {
                lie(&inner, &random)
                fields[key] = inner
            } else {
                fields[key] = lies.randomElement(using: &random) ?? nil
            }
            value = .object(fields)
        case .array(var items) where !items.isEmpty:
            items[Int.random(in: 0..<items.count, using: &random)] =
                lies.compactMap(\.self).randomElement(using: &random)
                ?? .null
            value = .array(items)
        default: value = lies.compactMap(\.self).randomElement(using: &random) ?? .null
        }
    }

    @Test("every field of a configuration survives every kind of wrong value")
    func everyField() throws {
        let config = try Edited.parse(Data(contentsOf: Fixtures.url("mini-f32/config.json")))
        let paths = Self.paths(config.object ?? [:], under: [])
        #expect(paths.count > 100)
        for path in paths {
            for lie in Self.lies {
                var changed = config
                changed.set(path, lie)
                do throws(CheckpointError) {
                    let fields = ConfigFields(file: "config.json", fields: changed.object ?? [:])
                    let preprocessor = SyntheticShape.publishedPreprocessor(imageSize: 56, patchSize: 14)
                    let read = try ModelConfig(
                        config: fields,
                        preprocessor: ConfigFields(file: "p", fields: preprocessor),
                        modelName: "x"
                    )
                    #expect(read.expectedTensors.allSatisfy { $0.shape.allSatisfy { $0 > 0 } })
                } catch {
                    #expect(error.description.contains(": field "))
                }
            }
        }
    }

    static func paths(_ fields: [String: JSONValue], under parent: [String]) -> [[String]] {
        fields.keys.sorted().flatMap { key in
            [parent + [key]] + paths(fields[key]?.object ?? [:], under: parent + [key])
        }
    }
}
