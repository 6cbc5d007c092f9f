import Foundation
import Requests
import TestSupport
import Testing

@testable import Inference

/// Random logits and options against the definition: everything sorted, in one place, by one thread.
@Suite("Choices of any number of ranks are those of one sorted list")
struct SamplerStormTests {
    /// Logits of some shape, with ties and infinities among them.
    static func logits(_ random: inout SeededRandom) -> [Float] {
        let sizes = [1, 2, 63, 300, 1000, 5000, 20_000]
        let count = sizes[Int.random(in: 0..<sizes.count, using: &random)]
        let spread: Float = [0.01, 1, 4, 12][Int.random(in: 0..<4, using: &random)]
        var logits = random.floats(count).map { $0 * spread }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: logits = logits.map { ($0 * 4).rounded() / 4 }
        case 1: logits[Int.random(in: 0..<count, using: &random)] = 20
        case 2: for place in stride(from: 1, to: count, by: 3) { logits[place] = -.infinity }
        case 3: logits.sort()
        default: break
        }
        return logits
    }

    static func choice(_ random: inout SeededRandom, vocabulary: Int) -> TokenChoice {
        func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }
        func tokens() -> [Int32] {
            let count = Int.random(in: 0...40, using: &random)
            return Array(Set((0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }))
        }
        return TokenChoice { choice in
            choice.temperature = pick([0, 0.2, 0.6, 1, 1.7])
            choice.seed = random.next()
            choice.topK = pick([0, 0, 1, 20, 255, 256, 257, 900, 100_000])
            choice.topP = pick([1, 1, 0.95, 0.8, 0.3, 0.999, 0.01])
            choice.minP = pick([0, 0, 0.05, 0.5, 1, 1e-6])
            guard pick([true, false]) else { return }
            choice.adjustments.repetitionPenalty = pick([1.3, 0.7])
            choice.adjustments.presencePenalty = pick([0, 1.5, -1])
            choice.adjustments.frequencyPenalty = pick([0, 0.3, -2])
            choice.adjustments.seen = tokens()
            choice.adjustments.answer = tokens().map { .init(token: $0, count: Int32(1 + $0 % 5)) }
            choice.adjustments.biases = tokens().map { .init(token: $0, bias: Float($0 % 9) - 4) }
        }
    }

    /// The adjustments one by one, as vLLM orders them.
    static func adjusted(_ logits: [Float], _ adjustments: LogitAdjustments) -> [Float] {
        var logits = logits
        for entry in adjustments.biases { logits[Int(entry.token)] += entry.bias }
        for token in adjustments.seen {
            let logit = logits[Int(token)]
            logits[Int(token)] =
                logit > 0 ? logit / adjustments.repetitionPenalty : logit * adjustments.repetitionPenalty
        }
        for entry in adjustments.answer {
            logits[Int(entry.token)] -= adjustments.frequencyPenalty * Float(entry.count)
            logits[Int(entry.token)] -= adjustments.presencePenalty
        }
        return logits
    }

    static func sampling(_ choice: TokenChoice) -> Sampling {
        var sampling = Sampling()
        (sampling.temperature, sampling.seed) = (choice.temperature, choice.seed)
        (sampling.topK, sampling.topP, sampling.minP) = (Int(choice.topK), choice.topP, choice.minP)
        return sampling
    }

    @Test("the same token, whatever the filters, penalties and cuts", arguments: 0..<8)
    func storm(seed: UInt64) {
        var random = SeededRandom(seed: 1000 + seed)
        var enough = 0
        for round in 0..<150 {
            let logits = Self.logits(&random)
            let choice = Self.choice(&random, vocabulary: logits.count)
            var expected = Self.adjusted(logits, choice.adjustments)
            let token = ReferenceSampler.choose(&expected, Self.sampling(choice), position: round, seen: [])
            let ranks = Int.random(in: 1...5, using: &random)
            let cuts = (1..<ranks).map { _ in Int.random(in: 0...logits.count, using: &random) }.sorted()
            var row = LogitRow(choice: choice, position: round)
            row.threads = 1 + round % 3
            let found = row.token(logits, cuts: cuts)
            #expect(found.token == token, "\(choice), \(logits.count) logits, cut at \(cuts)")
            enough += found.wasEnough ? 1 : 0
        }
        #expect(enough > 75, "candidates were enough for \(enough) of 150")
    }

    @Test("log-probabilities have the same bits for any ranks, and are those of a plain sum", arguments: 0..<4)
    func logprobs(seed: UInt64) {
        var random = SeededRandom(seed: 2000 + seed)
        for round in 0..<40 {
            let logits = Self.logits(&random)
            var choice = Self.choice(&random, vocabulary: logits.count)
            choice.logprobs = Int32(1 + round % 20)
            choice.watched = Int32(logits.count / 2)
            guard let token = LogitRow(choice: choice, position: round).token(logits).token else { continue }
            var all: [Set<TokenLogprobsBits>] = [[], []]
            for ranks in 1...4 {
                let cuts = (1..<ranks).map { _ in Int.random(in: 0...logits.count, using: &random) }.sorted()
                LogitRow(choice: choice, position: round).run(logits, cuts: cuts) { outcome in
                    let made = outcome.row.logprobs(token).with(token, logit: logits[Int(token)])
                    all[0].insert(TokenLogprobsBits(made.of(token)))
                    all[1].insert(TokenLogprobsBits(made.of(choice.watched)))
                    if outcome.row.draw() != nil {
                        #expect(outcome.row.logprobs(token).of(token) == made.of(token), "the choice's own logit")
                    }
                    Self.compare(made.of(token), logits)
                }
            }
            #expect(all.allSatisfy { $0.count == 1 }, "\(choice)")
        }
    }

    struct TokenLogprobsBits: Hashable {
        let bits: [UInt32]

        init(_ logprobs: TokenLogprobs) {
            bits =
                [UInt32(bitPattern: logprobs.id), logprobs.logprob.bitPattern]
                + logprobs.top.flatMap { [UInt32(bitPattern: $0.id), $0.logprob.bitPattern] }
        }
    }

    private static func compare(_ found: TokenLogprobs, _ logits: [Float]) {
        let largest = Double(logits.max() ?? 0)
        let logSum = log(logits.reduce(0) { $0 + exp(Double($1) - largest) }) + largest
        func expected(_ id: Int32) -> Float { max(-9999, Float(Double(logits[Int(id)]) - logSum)) }
        func isClose(_ a: Float, _ b: Float) -> Bool { abs(Double(a) - Double(b)) <= 1e-11 + 2 * Double(b.ulp) }
        #expect(isClose(found.logprob, expected(found.id)), "\(found.logprob) \(expected(found.id))")
        let order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        #expect(found.top.map(\.id) == order.prefix(found.top.count).map(Int32.init))
        #expect(found.top.allSatisfy { isClose($0.logprob, expected($0.id)) })
    }
}
