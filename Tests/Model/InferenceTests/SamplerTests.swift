import Foundation
import TestSupport
import Testing

@testable import Inference
import Requests

@Suite("Sampling")
struct SamplerTests {
    static func options(_ change: (inout Sampling) -> Void) -> Sampling {
        var options = Sampling()
        change(&options)
        return options
    }

    /// As the ranks do it: each its own candidate, the leader the best of them.
    static func sharded(_ logits: [Float], ranks: Int, _ options: Sampling, position: Int) -> Int32 {
        var best: Candidate?
        for rank in 0..<ranks {
            let range = (logits.count * rank / ranks)..<(logits.count * (rank + 1) / ranks)
            guard !range.isEmpty else { continue }
            let candidate = logits[range].withUnsafeBufferPointer {
                Sampler.candidate($0, firstToken: range.lowerBound, options, position: position)
            }
            best = best?.better(candidate) ?? candidate
        }
        return best?.token ?? -1
    }

    @Test("greedy takes the largest logit, the lower id of two", arguments: 1...5)
    func greedy(ranks: Int) {
        #expect(Self.sharded([1, 7, 3, 7, 2], ranks: ranks, Sampling(), position: 0) == 1)
        #expect(Self.sharded([-3, -.infinity, -2], ranks: ranks, Sampling(), position: 0) == 2)
    }

    @Test("a sampled token is the same for any number of ranks")
    func rankInvariance() {
        var random = SeededRandom(seed: 5)
        let logits = random.floats(1000).map { $0 * 4 }
        for position in 0..<50 {
            let options = Self.options {
                $0.temperature = 0.8; $0.seed = 99
            }
            let one = Self.sharded(logits, ranks: 1, options, position: position)
            for ranks in 2...7 { #expect(Self.sharded(logits, ranks: ranks, options, position: position) == one) }
            var copy = logits
            #expect(Sampler.choose(&copy, options, position: position, seen: []) == one)
        }
    }

    @Test("frequencies follow softmax(logits / temperature)")
    func distribution() {
        let logits: [Float] = [2, 1, 0, -1]
        let options = Self.options {
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
        func reachable(_ change: (inout Sampling) -> Void) -> Set<Int32> {
            var options = Self.options(change)
            options.temperature = 1
            return Set(
                (0..<3000).map { position in
                    var copy = logits
                    return Sampler.choose(&copy, options, position: position, seen: [])
                }
            )
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

    @Test("the repetition penalty divides positive and multiplies negative logits")
    func repetitionPenalty() {
        var logits: [Float] = [4, 3, -1, -1.5]
        let options = Self.options { $0.repetitionPenalty = 2 }
        let chosen = Sampler.choose(&logits, options, position: 0, seen: [0, 2])
        #expect(chosen == 1)
        #expect(logits == [2, 3, -2, -1.5])
    }

    @Test("noise depends on seed, position and token, and is finite")
    func noise() {
        var values: Set<Float> = []
        for seed in 0..<5 {
            for position in 0..<20 {
                for token in 0..<20 { values.insert(GumbelNoise(seed: UInt64(seed), position: position)[token]) }
            }
        }
        #expect(values.count > 1990)
        #expect(values.allSatisfy { $0.isFinite })
    }
}
