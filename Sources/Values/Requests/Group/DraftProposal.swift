/// What a draft model guesses of an answer: nothing depends on it but how many tokens a step brings.
package struct DraftProposal: Codable, Sendable, Equatable {
    /// The job's.
    package var id: String
    /// The position, in prompt and answer, of the first of ``tokens``; all before it were known to be the answer's.
    package var start: Int
    package var tokens: [Int32]

    package init(id: String, start: Int, tokens: [Int32]) {
        (self.id, self.start, self.tokens) = (id, start, tokens)
    }

    /// What it guesses to come behind these tokens of prompt and answer; nothing once one of them was guessed wrong.
    package func continuation(of sequence: [Int32]) -> ArraySlice<Int32> {
        let known = sequence.count - start
        guard start >= 0, (0..<tokens.count).contains(known), sequence[start...] == tokens[..<known] else { return [] }
        return tokens[known...]
    }
}
