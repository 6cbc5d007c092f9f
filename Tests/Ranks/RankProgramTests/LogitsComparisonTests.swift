import Foundation
import TestSupport
import Testing

@testable import RankProgram

@Suite("LogitsComparison")
struct LogitsComparisonTests {
    static func position(_ reference: [Float], _ other: [Float]) -> LogitsComparison.Position {
        reference.withUnsafeBufferPointer { a in other.withUnsafeBufferPointer { .init(a, $0) } }
    }

    /// The definition, Σ p (log p − log q).
    static func divergence(_ reference: [Float], _ other: [Float]) -> Double {
        func probabilities(_ logits: [Float]) -> [Double] {
            let weights = logits.map { exp(Double($0)) }
            return weights.map { $0 / weights.reduce(0, +) }
        }
        return zip(probabilities(reference), probabilities(other)).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    }

    @Test("the divergence is the definition's", arguments: 0..<8)
    func definition(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let (a, b) = (random.floats(997).map { 9 * $0 }, random.floats(997).map { 9 * $0 })
        let position = Self.position(a, b)
        #expect(abs(position.divergence - Self.divergence(a, b)) < 1e-9 * max(1, position.divergence))
        #expect(position.maxError == zip(a, b).map { abs($0 - $1) }.max())
        #expect(position.topAgrees == (a.firstIndex(of: a.max() ?? 0) == b.firstIndex(of: b.max() ?? 0)))
    }

    @Test("equal logits differ by nothing, and logits moved by a constant only in the error")
    func equal() {
        let logits: [Float] = [1, 5, -2, 5]
        #expect(Self.position(logits, logits) == .init(divergence: 0, topAgrees: true, maxError: 0))
        let moved = Self.position(logits, logits.map { $0 + 4 })
        #expect(moved.divergence < 1e-12 && moved.topAgrees && moved.maxError == 4)
    }

    @Test("a NaN is the largest error")
    func notANumber() {
        var sum = LogitsComparison()
        sum.add(Self.position([1, 2], [1, .nan]))
        sum.add(Self.position([1, 2], [1, 2]))
        #expect(sum.maxError.isNaN && sum.positions == 2)
    }

    @Test("means, percentiles and agreement over positions")
    func sums() {
        var (whole, first, second) = (LogitsComparison(), LogitsComparison(), LogitsComparison())
        for index in 1...200 {
            let position = LogitsComparison.Position(
                divergence: Double(index),
                topAgrees: index % 4 != 0,
                maxError: Float(index)
            )
            whole.add(position)
            if index <= 60 { first.add(position) } else { second.add(position) }
        }
        #expect(whole.positions == 200 && whole.meanDivergence == 100.5 && whole.topAgreement == 0.75)
        #expect(whole.divergence(atPercentile: 0.99) == 198 && whole.divergence(atPercentile: 0) == 1)
        first.add(second)
        #expect(first == whole)
        #expect(LogitsComparison().meanDivergence == 0 && LogitsComparison().topAgreement == 1)
    }
}
