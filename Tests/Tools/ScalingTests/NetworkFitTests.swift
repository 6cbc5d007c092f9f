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
        let fit = try #require(NetworkFit(samples(NetworkModel(latency: latency, secondsPerByte: perByte))))
        #expect(abs(fit.model.latency / latency - 1) < 1e-6)
        #expect(abs(fit.model.secondsPerByte / perByte - 1) < 1e-6)
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
            let fit = try #require(NetworkFit(noisy))
            #expect(fit.worstError < 0.11)
            #expect(fit.model.latency >= 0 && fit.model.secondsPerByte >= 0)
        }
    }

    @Test("a line that would lean below zero is kept above it")
    func tilted() throws {
        let falling = try #require(NetworkFit([.init(bytes: 8, seconds: 2e-4), .init(bytes: 4096, seconds: 1e-4)]))
        #expect(falling.model.secondsPerByte == 0 && falling.model.latency > 0)
        let steep = try #require(NetworkFit([.init(bytes: 100, seconds: 1e-6), .init(bytes: 1000, seconds: 1e-4)]))
        #expect(steep.model.latency == 0 && steep.model.secondsPerByte > 0)
    }

    @Test("one size is no line")
    func few() {
        #expect(NetworkFit([]) == nil)
        #expect(NetworkFit([.init(bytes: 8, seconds: 1), .init(bytes: 8, seconds: 2)]) == nil)
    }

    @Test("a gigabit a second is eight nanoseconds a byte")
    func units() {
        let model = NetworkModel(gigabitsPerSecond: 1, latencyMicroseconds: 50)
        #expect(abs(model.secondsPerByte - 8e-9) < 1e-18 && abs(model.latency - 50e-6) < 1e-12)
        #expect(abs(model.gigabitsPerSecond - 1) < 1e-9)
    }
}
