import Diagnostics
import Foundation
import Requests
import Tokenization

/// What `flotilla verify` says.
struct VerificationReport {
    private let receipts: [PlacedReceipt]
    private let outcomes: [VerificationRun.Outcome]
    private let tokenizer: Tokenizer

    init(_ receipts: [PlacedReceipt], _ outcomes: [VerificationRun.Outcome], _ tokenizer: Tokenizer) {
        (self.receipts, self.outcomes, self.tokenizer) = (receipts, outcomes, tokenizer)
    }

    /// What the command ends with; `nil`: all are confirmed.
    var doubt: (any OperatorError)? {
        let doubts = outcomes.compactMap(\.doubt)
        guard outcomes.count > 1, let first = doubts.first else { return doubts.first }
        return DoubtsError(doubts: doubts.count, receipts: outcomes.count, first: first)
    }

    /// A line for each receipt; of a single one that is not confirmed, the error says everything.
    var text: String {
        let isAlone = outcomes.count == 1
        return zip(receipts, outcomes)
            .map { placed, outcome in
                if let doubt = outcome.doubt {
                    return isAlone ? "" : "\(placed.place): not confirmed: \(doubt.reason)\n"
                }
                let (answer, prompt) = (placed.receipt.answer.tokens.count, placed.receipt.prompt.ids.count)
                let time = String(format: "%.0f ms", outcome.milliseconds)
                let what = "confirmed: \(answer) tokens behind a prompt of \(prompt), computed again in \(time)\n"
                return isAlone ? what : "\(placed.place): \(what)"
            }
            .joined()
    }

    /// An object a line for each receipt.
    var json: String {
        zip(receipts, outcomes).map { JSONLine.encode(Line($0, $1, tokenizer)) + "\n" }.joined()
    }

    private struct Line: Encodable {
        var receipt: String
        var confirmed: Bool
        var promptTokens: Int
        var tokens: Int
        var ms: Double?
        var cause: String?
        var reason: String?
        var token: ReceiptDoubt.Token?
        var claimedText: String?
        var computedText: String?

        private enum CodingKeys: String, CodingKey {
            case receipt, confirmed, tokens, ms, cause, reason, token
            case promptTokens = "prompt_tokens"
            case claimedText = "claimed_text"
            case computedText = "computed_text"
        }

        init(_ placed: PlacedReceipt, _ outcome: VerificationRun.Outcome, _ tokenizer: Tokenizer) {
            let doubt = outcome.doubt
            (receipt, confirmed) = (placed.place, doubt == nil)
            (promptTokens, tokens) = (placed.receipt.prompt.ids.count, placed.receipt.answer.tokens.count)
            ms = outcome.milliseconds > 0 ? outcome.milliseconds : nil
            (cause, reason, token) = (doubt?.cause.rawValue, doubt?.reason, doubt?.token)
            claimedText = token.map { tokenizer.decode([$0.claimed]) }
            computedText = token.map { tokenizer.decode([$0.computed]) }
        }
    }
}

/// Some of several receipts are not confirmed.
private struct DoubtsError: OperatorError {
    let doubts: Int
    let receipts: Int
    let first: ReceiptDoubt

    var description: String { "\(doubts) of \(receipts) receipts are not confirmed; the first: \(first.reason)" }
    var hint: String? { first.hint }
    var exitCode: Diagnostics.ExitCode { .notConfirmed }
}
