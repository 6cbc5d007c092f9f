internal import Foundation

/// How far the logits of one format are from those of another, over the positions of some texts.
package struct LogitsComparison: Sendable, Equatable {
    /// KL(reference ‖ other) of each position, in nats.
    private var divergences: [Double] = []
    private var agreements = 0
    package private(set) var maxError: Float = 0

    package init() {}

    package var positions: Int { divergences.count }
    package var meanDivergence: Double {
        divergences.isEmpty ? 0 : divergences.reduce(0, +) / Double(divergences.count)
    }
    /// Positions whose most probable token is the same, in 0…1.
    package var topAgreement: Double {
        divergences.isEmpty ? 1 : Double(agreements) / Double(divergences.count)
    }

    /// The smallest divergence that `share` of the positions do not exceed.
    package func divergence(atPercentile share: Double) -> Double {
        guard !divergences.isEmpty else { return 0 }
        let sorted = divergences.sorted()
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    package mutating func add(_ position: Position) {
        divergences.append(position.divergence)
        agreements += position.topAgrees ? 1 : 0
        // A NaN is the largest error of all.
        maxError = position.maxError.isNaN || position.maxError > maxError ? position.maxError : maxError
    }

    package mutating func add(_ other: LogitsComparison) {
        divergences += other.divergences
        agreements += other.agreements
        maxError = other.maxError.isNaN || other.maxError > maxError ? other.maxError : maxError
    }

    /// What is counted of one position.
    package struct Position: Sendable, Equatable {
        package let divergence: Double
        package let topAgrees: Bool
        package let maxError: Float

        init(divergence: Double, topAgrees: Bool, maxError: Float) {
            (self.divergence, self.topAgrees, self.maxError) = (divergence, topAgrees, maxError)
        }

        /// - Parameters:
        ///   - reference: logits over the whole vocabulary.
        ///   - other: as many.
        package init(_ reference: UnsafeBufferPointer<Float>, _ other: UnsafeBufferPointer<Float>) {
            precondition(reference.count == other.count && !reference.isEmpty, "logits of two vocabularies")
            let (p, q) = (Self.peak(reference), Self.peak(other))
            let (logP, logQ) = (Self.logSum(reference, p.value), Self.logSum(other, q.value))
            var sum = 0.0
            var error: Float = 0
            for (a, b) in zip(reference, other) {
                let (logA, logB) = (Double(a) - logP, Double(b) - logQ)
                sum += exp(logA) * (logA - logB)
                error = Swift.max(error, abs(a - b))
            }
            // Rounding may leave a little less than nothing.
            divergence = Swift.max(sum, 0)
            topAgrees = p.index == q.index
            // An infinity or a NaN among the logits is the largest error of all.
            maxError = sum.isFinite ? error : .nan
        }

        /// The first of the largest logits.
        private static func peak(_ logits: UnsafeBufferPointer<Float>) -> (index: Int, value: Float) {
            var best = (index: 0, value: logits[0])
            for (index, value) in logits.enumerated() where value > best.value { best = (index, value) }
            return best
        }

        private static func logSum(_ logits: UnsafeBufferPointer<Float>, _ peak: Float) -> Double {
            Double(peak) + log(logits.reduce(0.0) { $0 + exp(Double($1) - Double(peak)) })
        }
    }
}
