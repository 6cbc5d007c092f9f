import NIOCore
import TestSupport
import Testing

@testable import Coordinator

struct HTTPBodyTests {
    @Test("Pieces of any sizes join to what came, and small ones take no more than they are")
    func joins() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<50 {
            var body = HTTPBody()
            var expected: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let count = random.one(of: [0, 1, 7, 4096, 65_536, 300_000])
                let piece = (0..<min(count, 50)).map { _ in UInt8.random(in: 0...255, using: &random) }
                let bytes = (0..<count).map { piece[$0 % piece.count] }
                body.append(ByteBuffer(bytes: bytes))
                expected += bytes
            }
            #expect(body.count == expected.count && body.joined == expected)
            let waiting = WaitingBody(body)
            #expect(waiting.count == expected.count && waiting.take() == expected && waiting.take().isEmpty)
        }
    }
}
