import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Fingerprint")
struct FingerprintTests {
    static func fingerprint(_ change: (URL) throws -> Void = { _ in }) throws -> UInt64 {
        var value: UInt64 = 0
        try Edited.checkpoint("mini-f32") { directory in
            try change(directory)
            value = try Checkpoint(directory: directory).fingerprint
        }
        return value
    }

    @Test("a copy has the same one")
    func copy() throws {
        #expect(try Self.fingerprint() == Checkpoint(directory: Fixtures.url("mini-f32")).fingerprint)
    }

    @Test("other weights with the same header have another")
    func weights() throws {
        let changed = try Self.fingerprint { directory in
            let file = directory.appendingPathComponent("model-00001-of-00002.safetensors")
            let (header, payload) = try Edited.split(file)
            try Edited.safetensors(header, Data(payload.map { $0 ^ 1 })).write(to: file)
        }
        let rewritten = try Self.fingerprint { directory in
            try Edited.header(directory.appendingPathComponent("model-00001-of-00002.safetensors")) { _ in }
        }
        #expect(changed != rewritten)
    }

    @Test("another configuration has another")
    func configuration() throws {
        let changed = try Self.fingerprint { directory in
            try Edited.json(directory.appendingPathComponent("config.json")) {
                $0.set("llm_config.rope_theta", .integer(10_000))
            }
        }
        #expect(try changed != Self.fingerprint())
    }
}
