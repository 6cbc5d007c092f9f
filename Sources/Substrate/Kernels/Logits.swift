internal import CKernels

/// What choosing a token asks of a row of logits, or of a part of it; `ck_sampling.h` has the definitions.
///
/// Nothing here depends on how a row is cut into parts: the best of the parts is the best of the row, and sums are exact.
package enum Logits {
    /// The largest value and the lowest index that has it.
    package static func argmax(
        _ x: UnsafePointer<Float>,
        count: Int,
        kernels: KernelSet = .active
    ) -> (index: Int, value: Float) {
        precondition(count >= 1, "the largest of \(count) logits")
        var value: Float = 0
        let index = kernels.table.pointee.argmax(x, count, &value)
        return (index, value)
    }

    /// Whether no value is a NaN, and the largest of those that are none; −∞ of nothing.
    package static func scan(
        _ x: UnsafePointer<Float>,
        count: Int,
        kernels: KernelSet = .active
    ) -> (hasNoNaN: Bool, largest: Float) {
        var largest: Float = 0
        let hasNoNaN = kernels.table.pointee.scan(x, count, &largest)
        return (hasNoNaN, largest)
    }

    /// The `most` best values as candidates, in no order.
    ///
    /// - Parameters:
    ///   - first: the token of `x[0]`.
    ///   - keys: room for twice as many.
    /// - Returns: how many there are.
    package static func select(
        _ x: UnsafePointer<Float>,
        count: Int,
        first: Int,
        most: Int,
        into keys: UnsafeMutablePointer<Candidate>,
        kernels: KernelSet = .active
    ) -> Int {
        precondition(most >= 1 && first >= 0 && first + count <= Int(UInt32.max), "\(most) of \(count) logits")
        return keys.withMemoryRebound(to: UInt64.self, capacity: 2 * most) {
            kernels.table.pointee.select(x, count, UInt32(first), most, $0)
        }
    }

    /// The best of `count` ≥ 1 tokens by logit / temperature + noise; see ``Draw``.
    package static func draw(
        _ x: UnsafePointer<Float>,
        count: Int,
        first: Int,
        temperature: Float,
        noise key: UInt64,
        kernels: KernelSet = .active
    ) -> Draw {
        precondition(count >= 1 && first >= 0 && first + count <= Int(Int32.max), "a draw from \(count) logits")
        var best = ck_draw()
        kernels.table.pointee.draw(x, count, temperature, key, UInt32(first), &best)
        return Draw(best)
    }

    /// The sum of `exp((x − shift) / temperature)`, or of `exp(x − shift)` in double precision where temperature is 0.
    ///
    /// - Parameter shift: at least as large as every value.
    package static func weights(
        _ x: UnsafePointer<Float>,
        count: Int,
        shift: Float,
        temperature: Float,
        kernels: KernelSet = .active
    ) -> ExactSum {
        var sums: (Double, Double) = (0, 0)
        withUnsafeMutablePointer(to: &sums) {
            $0.withMemoryRebound(to: Double.self, capacity: 2) {
                kernels.table.pointee.sum_weights(x, count, shift, temperature, $0)
            }
        }
        return ExactSum(high: sums.0, low: sums.1)
    }

    /// −log(−log u), u uniform in (0, 1): a function of the two alone.
    package static func noise(_ key: UInt64, token: Int32) -> Float { ck_gumbel_noise(key, UInt32(token)) }
}

/// A token and its logit in one word, ordered as tokens are: larger logits first, lower ids among equals.
package struct Candidate: Sendable, Equatable, Comparable {
    private let key: UInt64

    /// A logit that is no NaN.
    package init(logit: Float, token: Int32) { key = ck_candidate_key(logit, UInt32(token)) }

    package var logit: Float { ck_candidate_value(key) }
    package var token: Int32 { Int32(truncatingIfNeeded: key) }

    package static func < (a: Candidate, b: Candidate) -> Bool { a.key < b.key }

    /// Moves the best `most` of `count` to the front and sorts them; the result is how many they are.
    package static func sortBest(_ most: Int, of list: UnsafeMutablePointer<Candidate>, count: Int) -> Int {
        let kept = min(most, count)
        guard kept > 0 else { return 0 }
        list.withMemoryRebound(to: UInt64.self, capacity: count) { keys in
            if kept < count { _ = ck_candidates_prune(keys, count, kept) }
            ck_candidates_sort(keys, kept)
        }
        return kept
    }
}

/// A token drawn by the Gumbel-max way: its logit, and logit / temperature + noise.
package struct Draw: Sendable, Equatable {
    package var value: Float
    package var logit: Float
    package var token: Int32

    package init(value: Float, logit: Float, token: Int32) {
        (self.value, self.logit, self.token) = (value, logit, token)
    }

    init(_ draw: ck_draw) { self.init(value: draw.value, logit: draw.logit, token: draw.token) }

    /// Larger, or as large with a lower id; values that a tiny temperature has driven out of range go by their logits,
    /// so that the draw is then the arg-max.
    package func isBetter(than other: Draw) -> Bool {
        var (a, b) = (ck_draw(value: value, logit: logit, token: token), ck_draw())
        b = ck_draw(value: other.value, logit: other.logit, token: other.token)
        return ck_draw_is_better(&a, &b)
    }
}

/// A sum of weights that has the same bits in whatever order and parts it was added up.
package struct ExactSum: Sendable, Equatable {
    /// Multiples of 2⁻³² and of 2⁻⁶⁵, added up apart.
    package var high = 0.0
    package var low = 0.0

    package init(high: Double = 0, low: Double = 0) { (self.high, self.low) = (high, low) }

    package var value: Double { high + low }

    package static func += (a: inout ExactSum, b: ExactSum) {
        a.high += b.high
        a.low += b.low
    }
}
