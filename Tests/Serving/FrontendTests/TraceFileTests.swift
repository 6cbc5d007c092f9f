import Foundation
import TestSupport
import Testing

@testable import Frontend

@Suite("The trace file")
struct TraceFileTests {
    private static func bytes(_ values: [Float]) -> Data { values.withUnsafeBytes { Data($0) } }

    @Test("steps and images come together in order")
    func joinsParts() throws {
        try Fixtures.withTemporaryDirectory { directory in
            var trace = TraceFile()
            trace.add(name: "visual_tokens.1", shape: [1, 2], bytes: Self.bytes([5, 6]))
            trace.add(name: "logits", shape: [1, 3], bytes: Self.bytes([1, 2, 3]))
            trace.add(name: "visual_tokens.0", shape: [2, 2], bytes: Self.bytes([1, 2, 3, 4]))
            trace.add(name: "logits", shape: [1, 3], bytes: Self.bytes([4, 5, 6]))
            trace.add(name: "logits", shape: [1, 3], bytes: Data())
            let file = directory.appendingPathComponent("trace")
            try trace.write(to: file)
            let tensors = try Golden.readTensors(file)
            #expect(tensors["logits"] == [1, 2, 3, 4, 5, 6])
            #expect(tensors["visual_tokens"] == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test("a place that cannot be written is an error with a name")
    func unwritablePlace() {
        #expect(throws: TraceError.self) { try TraceFile().write(to: URL(fileURLWithPath: "/proc/no/trace")) }
    }
}
