internal import Kernels

/// What a rank's part of a row of logits comes to: a head, and lists of a length that the plan gives.
///
/// It is sent as it lies in memory: the head; the likeliest tokens of which the leader draws; where log-probabilities are
/// wanted, the likeliest before adjustments, and the former list's logits before adjustments.
struct ShardRecord {
    struct Head {
        /// Whether no logit is a NaN.
        var hasNoNaN = true
        /// Of the logits as the model gave them.
        var largest: Float = -.infinity
        var sum = ExactSum()
        /// Of all weights, where top-p needs it; after adjustments.
        var total = ExactSum()
        /// The best token where no filter asks for more, `Int32.max` of no tokens.
        var draw = Draw(value: -.infinity, logit: -.infinity, token: .max)
        /// Its logit before adjustments, and that of the plan's watched token; NaN where they are another rank's.
        var drawn = Float.nan
        var watched = Float.nan
        var candidates: Int32 = 0
        var top: Int32 = 0
    }

    private let base: UnsafeMutableRawPointer
    private let choice: (candidates: Int, top: Int)

    /// - Parameter base: aligned to 8 bytes.
    init(at base: UnsafeMutableRawPointer, _ choice: TokenChoice) {
        self.base = base
        self.choice = (choice.candidates, Int(choice.logprobs))
    }

    /// Bytes of a record, a multiple of 8.
    static func bytes(_ choice: TokenChoice) -> Int {
        let (candidates, top) = (choice.candidates, Int(choice.logprobs))
        return headBytes + 8 * (candidates + top) + (top > 0 ? (4 * candidates + 7) / 8 * 8 : 0)
    }

    /// Bytes of the longest record.
    static var mostBytes: Int {
        var choice = TokenChoice()
        (choice.temperature, choice.minP, choice.logprobs) = (1, 1, TokenChoice.mostLogprobs)
        return bytes(choice)
    }

    private static let headBytes = (MemoryLayout<Head>.size + 7) / 8 * 8

    var head: UnsafeMutablePointer<Head> { base.assumingMemoryBound(to: Head.self) }
    var candidates: UnsafeMutablePointer<Candidate> { (base + Self.headBytes).assumingMemoryBound(to: Candidate.self) }
    var top: UnsafeMutablePointer<Candidate> { candidates + choice.candidates }
    /// Of `candidates`, in their order.
    var logits: UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(top + choice.top).assumingMemoryBound(to: Float.self)
    }
}
