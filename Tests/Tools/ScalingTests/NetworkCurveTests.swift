import Communication
import Scaling
import TestSupport
import Testing

/// What a round takes, between and behind measured sizes.
@Suite("Network curve")
struct NetworkCurveTests {
    private static func curve(_ samples: [(bytes: Int, seconds: Double)]) -> NetworkCurve? {
        NetworkCurve(samples.map { NetworkSample(bytes: $0.bytes, seconds: $0.seconds) })
    }

    @Test(
        "measured sizes take what was measured, those between them what lies between, and longer ones go on as the last did"
    )
    func between() throws {
        let curve = try #require(Self.curve([(2048, 3), (8, 1), (1024, 1), (4096, 7)]))
        for (bytes, seconds) in [
            (0, 1.0), (8, 1), (500, 1), (1024, 1), (1536, 2), (2048, 3), (3072, 5), (4096, 7), (6144, 11),
        ] {
            #expect(abs(curve.seconds(bytes: bytes) - seconds) < 1e-12, "\(bytes)")
        }
    }

    @Test("where messages are announced first, the step is where it was measured")
    func step() throws {
        let curve = try #require(Self.curve([(8, 1), (65_535, 2), (65_536, 6), (131_072, 8)]))
        #expect(curve.seconds(bytes: 32_771) < 1.6 && curve.seconds(bytes: 65_536) == 6)
        #expect(abs(curve.seconds(bytes: 98_304) - 7) < 1e-12)
    }

    @Test("more bytes never take less time, whatever noise says; the mean of what was measured stays")
    func monotone() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<200 {
            let sizes = (0..<Int.random(in: 1...12, using: &random)).map { _ in Int.random(in: 1...5000, using: &random)
            }
            let samples = sizes.map { (bytes: $0, seconds: Double.random(in: 1...9, using: &random)) }
            let curve = try #require(Self.curve(samples))
            var last = 0.0
            for bytes in stride(from: 0, through: 5000, by: 7) {
                let seconds = curve.seconds(bytes: bytes)
                #expect(seconds >= last - 1e-12)
                last = seconds
            }
            guard Set(sizes).count == sizes.count else { continue }
            let sum = samples.reduce(0) { $0 + $1.seconds }
            #expect(abs(sizes.reduce(0) { $0 + curve.seconds(bytes: $1) } - sum) < 1e-9)
        }
    }

    @Test("a model is its line; nothing measured is no curve")
    func line() {
        let model = NetworkModel(latency: 2e-4, secondsPerByte: 8e-9)
        let curve = NetworkCurve(model)
        for bytes in [0, 8, 65_536, 1 << 24] {
            #expect(abs(curve.seconds(bytes: bytes) / model.seconds(rounds: 1, bytes: bytes) - 1) < 1e-9)
        }
        #expect(abs(curve.line.latency - model.latency) < 1e-12)
        #expect(abs(curve.line.secondsPerByte - model.secondsPerByte) < 1e-15)
        #expect(Self.curve([]) == nil && Self.curve([(8, 0)]) == nil)
        #expect(Self.curve([(8, 3)])?.seconds(bytes: 1 << 20) == 3)
    }
}
