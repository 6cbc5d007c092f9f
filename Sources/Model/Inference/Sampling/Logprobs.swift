internal import Foundation
internal import Kernels
package import Requests

/// What log-probabilities of one position are made of, from the logits before any filter or penalty.
///
/// The sum of exponentials is an `ExactSum`, so that the figures do not depend on the number of ranks.
package struct Logprobs: Equatable, Sendable {
    let largest: Float
    let sum: ExactSum
    /// The likeliest tokens, likeliest first; ties go to the lower id.
    let top: [Candidate]
    /// The logits of the tokens that may be the answer's.
    private(set) var logits: [Int32: Float]

    /// The same where one more token may be the answer's.
    func with(_ token: Int32, logit: Float) -> Logprobs {
        var result = self
        result.logits[token] = logit
        return result
    }

    /// - Parameter token: the answer's next.
    package func of(_ token: Int32) -> TokenLogprobs {
        let logSum = log(sum.value) + Double(largest)
        func logprob(_ logit: Float) -> Float { Float(Double(logit) - logSum) }
        return TokenLogprobs(
            id: token,
            logprob: logprob(logits[token] ?? -.infinity),
            top: top.map { TokenLogprobs.Alternative(id: $0.token, logprob: logprob($0.logit)) }
        )
    }
}
