import Communication
import Scaling
import TestSupport
import Testing

/// Lines through exchanges whose α and β are known.
@Suite("Network fit")
struct NetworkFitTests {
    private func samples(_ model: NetworkModel, noise: (Int) -> Double = { _ in 0 }) -> [NetworkSample] {
        [8, 2048, 16_384, 131_072, 1 << 20].map {
            NetworkSample(bytes: $0, seconds: model.seconds(rounds: 1, bytes: $0) * (1 + noise($0)))
        }
    }

    @Test("exact samples give the line back", arguments: [(50e-6, 8e-9), (200e-6, 0.8e-9), (3e-6, 0.08e-9)])
    func exact(latency: Double, perByte: Double) throws {
        let fit = try #require(NetworkFit(samples(NetworkModel(latency: latency, secondsPerByte: perByte)), ranks: 2))
        #expect(abs(fit.lines.short.latency / latency - 1) < 1e-6)
        #expect(abs(fit.lines.short.secondsPerByte / perByte - 1) < 1e-6)
        #expect(fit.worstError < 1e-6)
    }

    @Test("no sample is further off than twice the noise")
    func noisy() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<200 {
            let model = NetworkModel(
                latency: Double.random(in: 1e-6...1e-3, using: &random),
                secondsPerByte: Double.random(in: 1e-11...1e-7, using: &random)
            )
            let noisy = samples(model) { _ in Double.random(in: -0.05...0.05, using: &random) }
            let fit = try #require(NetworkFit(noisy, ranks: 2))
            #expect(fit.worstError < 0.11)
            #expect(fit.lines.short.latency >= 0 && fit.lines.short.secondsPerByte >= 0)
        }
    }

    @Test("a line that would lean below zero is kept above it")
    func tilted() throws {
        let falling = try #require(
            NetworkFit([.init(bytes: 8, seconds: 2e-4), .init(bytes: 4096, seconds: 1e-4)], ranks: 2)
        )
        #expect(falling.lines.short.secondsPerByte == 0 && falling.lines.short.latency > 0)
        let steep = try #require(
            NetworkFit([.init(bytes: 100, seconds: 1e-6), .init(bytes: 1000, seconds: 1e-4)], ranks: 2)
        )
        #expect(steep.lines.short.latency == 0 && steep.lines.short.secondsPerByte > 0)
    }

    @Test(
        "short and long messages have a line each, which begins where a rank's messages are long",
        arguments: [2, 3, 4]
    )
    func twoLines(ranks: Int) throws {
        let (short, long) = (
            NetworkModel(latency: 1e-4, secondsPerByte: 1e-8), NetworkModel(latency: 1e-3, secondsPerByte: 2e-8)
        )
        let others = ranks - 1
        let samples = [8, 2048, 65_535, 65_536, 131_072, 1 << 20].map { size in
            let model = size <= 65_535 ? short : long
            return NetworkSample(bytes: size * others, seconds: model.seconds(rounds: 1, bytes: size * others))
        }
        let fit = try #require(NetworkFit(samples, ranks: ranks))
        #expect(fit.worstError < 1e-6 && abs(fit.lines.long.latency / 1e-3 - 1) < 1e-6)
        let limit = 65_535 * others
        #expect(fit.lines.seconds(rounds: 2, bytes: 2 * limit) == fit.lines.short.seconds(rounds: 2, bytes: 2 * limit))
        let more = 2 * limit + 2
        #expect(fit.lines.seconds(rounds: 2, bytes: more) == fit.lines.long.seconds(rounds: 2, bytes: more))
    }

    @Test("one size is no line")
    func few() {
        #expect(NetworkFit([], ranks: 2) == nil)
        #expect(NetworkFit([.init(bytes: 8, seconds: 1), .init(bytes: 8, seconds: 2)], ranks: 2) == nil)
    }

    @Test("a gigabit a second is eight nanoseconds a byte")
    func units() {
        let model = NetworkModel(gigabitsPerSecond: 1, latencyMicroseconds: 50)
        #expect(abs(model.secondsPerByte - 8e-9) < 1e-18 && abs(model.latency - 50e-6) < 1e-12)
        #expect(abs(model.gigabitsPerSecond - 1) < 1e-9)
    }
}
