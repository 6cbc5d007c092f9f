internal import Foundation
package import Requests

/// Log-probabilities from the raw logits of one position.
package enum Logprobs {
    /// - Parameters:
    ///   - logits: `[vocabulary]`, before any filter or penalty.
    ///   - top: how many of the likeliest tokens; ties go to the lower id.
    package static func of(_ token: Int32, _ logits: [Float], top: Int) -> TokenLogprobs {
        let largest = Double(logits.max() ?? 0)
        let logSum = log(logits.reduce(0) { $0 + exp(Double($1) - largest) }) + largest
        func logprob(_ index: Int) -> Float { Float(Double(logits[index]) - logSum) }
        let order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        return TokenLogprobs(
            id: token,
            logprob: logits.indices.contains(Int(token)) ? logprob(Int(token)) : -.infinity,
            top: order.prefix(top).map { TokenLogprobs.Alternative(id: Int32($0), logprob: logprob($0)) }
        )
    }
}
