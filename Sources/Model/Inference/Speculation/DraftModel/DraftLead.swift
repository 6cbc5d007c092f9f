internal import Requests

/// How far a draft model's sequence is ahead of the answer for which it guesses.
struct DraftLead: Equatable {
    /// Tokens of prompt and answer that are known to be right.
    var confirmed: Int
    /// Tokens by which it may be ahead.
    let most: Int
    /// Whether its last token ends the answer.
    var hasEnded = false

    /// Whether a sequence of so many tokens waits for more of the answer to be known.
    func isExhausted(at count: Int) -> Bool { hasEnded || count - confirmed >= most }
}

extension JobSequence {
    /// Takes back what a draft model has guessed and nobody has confirmed.
    mutating func rewindToConfirmed() {
        if let lead { rewind(to: lead.confirmed) }
    }

    /// More of the answer is known: what was guessed right stays, the rest is taken back.
    ///
    /// - Parameter start: the position of the first of `known`; those that were known before may be among them.
    mutating func confirm(_ known: [Int32], from start: Int) {
        guard let lead, start <= lead.confirmed else { return }
        var position = lead.confirmed
        for token in known.dropFirst(position - start) {
            if position == tokens.count || tokens[position] != token {
                rewind(to: position)
                append(token)
            }
            position += 1
            self.lead?.confirmed = position
        }
    }

    /// What a draft model guesses to come next.
    ///
    /// - Parameter most: tokens at most.
    func proposed(most: Int) -> ArraySlice<Int32> { proposal?.continuation(of: tokens).prefix(most) ?? [] }
}
