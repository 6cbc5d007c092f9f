import Foundation
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("Sampling")
struct SamplerTests {
    /// As the ranks do it, each its own part.
    static func sharded(_ logits: [Float], ranks: Int, _ choice: TokenChoice, position: Int) -> Int32 {
        let cuts = (1..<ranks).map { logits.count * $0 / ranks }
        return LogitRow(choice: choice, position: position).token(logits, cuts: cuts).token ?? -1
    }

    @Test("greedy takes the largest logit, the lower id of two", arguments: 1...5)
    func greedy(ranks: Int) {
        #expect(Self.sharded([1, 7, 3, 7, 2], ranks: ranks, TokenChoice(), position: 0) == 1)
        #expect(Self.sharded([-3, -.infinity, -2], ranks: ranks, TokenChoice(), position: 0) == 2)
    }

    @Test("a sampled token is the same for any number of ranks")
    func rankInvariance() {
        var random = SeededRandom(seed: 5)
        let logits = random.floats(1000).map { $0 * 4 }
        for position in 0..<50 {
            let options = TokenChoice {
                $0.temperature = 0.8; $0.seed = 99
            }
            let one = Self.sharded(logits, ranks: 1, options, position: position)
            for ranks in 2...7 { #expect(Self.sharded(logits, ranks: ranks, options, position: position) == one) }
            var copy = logits
            let sampling = SamplerStormTests.sampling(options)
            #expect(ReferenceSampler.choose(&copy, sampling, position: position, seen: []) == one)
        }
    }

    @Test("frequencies follow softmax(logits / temperature)")
    func distribution() {
        let logits: [Float] = [2, 1, 0, -1]
        let options = TokenChoice {
            $0.temperature = 2; $0.seed = 3
        }
        let weights = logits.map { exp(Double($0) / 2) }
        let total = weights.reduce(0, +)
        let draws = 40_000
        var counts = [0, 0, 0, 0]
        for position in 0..<draws { counts[Int(Self.sharded(logits, ranks: 1, options, position: position))] += 1 }
        for (count, weight) in zip(counts, weights) {
            // Five standard deviations of a binomial.
            let p = weight / total
            #expect(abs(Double(count) / Double(draws) - p) < 5 * (p * (1 - p) / Double(draws)).squareRoot())
        }
    }

    @Test("top-k, top-p and min-p keep what Hugging Face's warpers keep")
    func filters() {
        let logits: [Float] = [0, 3, 2, 1, -5]
        func reachable(_ change: (inout TokenChoice) -> Void) -> Set<Int32> {
            var options = TokenChoice(change)
            options.temperature = 1
            return Set((0..<1000).map { Self.sharded(logits, ranks: 1 + $0 % 2, options, position: $0) })
        }
        #expect(reachable { $0.topK = 2 } == [1, 2])
        #expect(reachable { $0.topK = 1 } == [1])
        // softmax: 0.644, 0.237, 0.087, 0.032, 0.0002
        #expect(reachable { $0.topP = 0.6 } == [1])
        #expect(reachable { $0.topP = 0.7 } == [1, 2])
        #expect(reachable { $0.topP = 0.95 } == [1, 2, 3])
        #expect(reachable { $0.minP = 0.3 } == [1, 2])
        #expect(
            reachable {
                $0.topK = 3; $0.minP = 0.3
            } == [1, 2]
        )
    }

    @Test("biases come first, then the penalties for repetition, frequency and presence")
    func adjustments() {
        var logits: [Float] = [4, 3, -1, -1.5, 2]
        var adjustments = LogitAdjustments()
        adjustments.repetitionPenalty = 2
        adjustments.frequencyPenalty = 0.25
        adjustments.presencePenalty = 1
        adjustments.seen = [0, 2, 4]
        adjustments.answer = [.init(token: 2, count: 2), .init(token: 1, count: 1)]
        adjustments.biases = [.init(token: 4, bias: -3), .init(token: 3, bias: 1)]
        logits.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            adjustments.apply(to: base, of: 0..<2)
            adjustments.apply(to: base + 2, of: 2..<5)
        }
        #expect(logits == [2, 1.75, -3.5, -0.5, -2])
    }

    @Test("a finite logit stays finite")
    func overflow() {
        var logits: [Float] = [3e38, -3e38, -.infinity]
        var adjustments = LogitAdjustments()
        adjustments.repetitionPenalty = 0.01
        adjustments.seen = [0, 1, 2]
        adjustments.apply(to: &logits, of: 0..<3)
        #expect(logits == [.greatestFiniteMagnitude, -3e36, -.infinity])
    }

    @Test("a temperature so small that logits overflow is greedy, with and without a filter", arguments: 1...3)
    func tiny(ranks: Int) {
        for temperature in [Float.leastNonzeroMagnitude, 0x1p-140, 1e-38, .leastNormalMagnitude] {
            for logits in [[5, 7, 6.5, 7, -1], [-5, -3, -4, -3.5, -9], [0, 1e-3, -1, 2e-3, 1.5e-3]] as [[Float]] {
                let greedy = Self.sharded(logits, ranks: ranks, TokenChoice(), position: 3)
                for topK in [0, 3] as [Int32] {
                    for position in 0..<20 {
                        let options = TokenChoice {
                            $0.temperature = temperature; $0.topK = topK
                        }
                        #expect(Self.sharded(logits, ranks: ranks, options, position: position) == greedy)
                    }
                }
            }
        }
    }

    @Test("NaN and infinity are noticed wherever they are; minus infinity is a logit")
    func notNumbers() {
        for choice in [
            TokenChoice(), TokenChoice { $0.temperature = 1 },
            TokenChoice {
                $0.temperature = 1; $0.topP = 0.9
            },
        ] {
            for place in [0, 15, 40, 99] {
                for (value, isNumeric) in [(Float.nan, false), (.infinity, false), (-.infinity, true)] {
                    var logits = [Float](repeating: 0.5, count: 100)
                    logits[place] = value
                    LogitRow(choice: choice).run(logits, cuts: [33, 60]) { #expect($0.row.isNumeric == isNumeric) }
                }
            }
            let none = [Float](repeating: -.infinity, count: 50)
            LogitRow(choice: choice).run(none, cuts: [20]) { #expect(!$0.row.isNumeric) }
        }
    }

    @Test("noise depends on seed, position and token, and is finite")
    func noise() {
        var values: Set<Float> = []
        for seed in 0..<5 {
            for position in 0..<20 {
                for token in 0..<20 { values.insert(GumbelNoise(seed: UInt64(seed), position: position)[Int32(token)]) }
            }
        }
        #expect(values.count > 1990)
        #expect(values.allSatisfy { $0.isFinite })
    }

    @Test("noise is the same as it was defined in Swift")
    func definition() {
        for position in 0..<300 {
            let token = Int32(position * 503 % 151_936)
            let noise = GumbelNoise(seed: UInt64(position), position: position)[token]
            #expect(noise == ReferenceNoise(seed: UInt64(position), position: position)[Int(token)])
        }
    }
}
