/// A format of answers over a vocabulary: what may come next, told token by token.
///
/// Everything is a function of the format and of the bytes so far. Made and used by one thread at a time.
package final class Constraint {
    package let vocabulary: TokenVocabulary
    private let automaton: ByteAutomaton

    package init(_ format: AnswerFormat, _ vocabulary: TokenVocabulary) throws(FormatRefusal) {
        let (arena, root) = try format.compiled()
        self.vocabulary = vocabulary
        automaton = ByteAutomaton(arena, root)
    }

    /// Before the first token.
    package var start: ConstraintState { ConstraintState(vocabulary, automaton, automaton.start) }

    /// Whether so many states are kept that another one of the same format had better be made.
    package var isWorn: Bool { automaton.isFull }
}

/// Where an answer stands in its format: a value that is copied for nothing and stays what it is.
package struct ConstraintState {
    private let vocabulary: TokenVocabulary
    private let automaton: ByteAutomaton
    private let state: Int32

    init(_ vocabulary: TokenVocabulary, _ automaton: ByteAutomaton, _ state: Int32) {
        (self.vocabulary, self.automaton, self.state) = (vocabulary, automaton, state)
    }

    /// Whether the answer may end here.
    package var isWhole: Bool { automaton.isWhole(state) }

    /// Whether the token may come next; what ends an answer may where the answer is whole.
    package func allows(_ token: Int32) -> Bool {
        if vocabulary.ends.contains(token) { return isWhole }
        let bytes = vocabulary.bytes(of: token)
        return !bytes.isEmpty && automaton.next(state, bytes) >= 0
    }

    /// The state behind a token, `nil` if the token may not come next; an end leaves it as it is.
    package func advanced(by token: Int32) -> ConstraintState? {
        if vocabulary.ends.contains(token) { return isWhole ? self : nil }
        let bytes = vocabulary.bytes(of: token)
        return bytes.isEmpty ? nil : advanced(by: bytes)
    }

    /// The state behind some bytes, `nil` if they may not come next.
    package func advanced(by bytes: some Sequence<UInt8>) -> ConstraintState? {
        let next = automaton.next(state, bytes)
        guard next >= 0 else { return nil }
        guard automaton.isFull else { return ConstraintState(vocabulary, automaton, next) }
        let fresh = automaton.startingOver(at: next)
        return ConstraintState(vocabulary, fresh, fresh.start)
    }

    /// All tokens that may come next: one at least.
    package func mask() -> TokenMask {
        if let known = automaton.masks[state] { return known }
        var mask = plainTokens()
        vocabulary.other.insertTokens(after: state, of: automaton, into: &mask)
        if isWhole { for end in vocabulary.ends { mask.insert(end) } }
        automaton.masks.keep(mask, of: state)
        return mask
    }

    private func plainTokens() -> TokenMask {
        let reach = automaton.plainReach(state, limit: vocabulary.longestPlain)
        if reach.isExact { return vocabulary.plainTokens(upTo: reach.count) }
        guard let repeated = automaton.characterClass(state) else { return plainTokens(after: state) }
        let endless = automaton.state(of: repeated.endless)
        let all = automaton.classMasks[endless] ?? plainTokens(after: endless)
        if automaton.classMasks[endless] == nil { automaton.classMasks.keep(all, of: endless) }
        if repeated.count >= vocabulary.longestPlain { return all }
        var mask = vocabulary.plainTokens(upTo: repeated.count)
        mask.formIntersection(all)
        return mask
    }

    private func plainTokens(after state: Int32) -> TokenMask {
        var mask = TokenMask(vocabulary: vocabulary.size)
        vocabulary.plain.insertTokens(after: state, of: automaton, into: &mask)
        return mask
    }

    /// The bytes that must come next, as far as there is no choice.
    package func forcedBytes(limit: Int = 256) -> [UInt8] {
        var bytes: [UInt8] = []
        var place = state
        while bytes.count < limit, let byte = automaton.onlyByte(place) {
            bytes.append(byte)
            place = automaton.next(place, byte)
        }
        return bytes
    }

    /// Tokens that would write what must come, as far as there is no choice of bytes, and then the end: the longest tokens,
    /// as a tokenizer would take them most of the time.
    package func forcedTokens(most: Int) -> [Int32] {
        let forced = forcedBytes()
        var bytes = forced[...]
        var tokens: [Int32] = []
        while tokens.count < most, let token = vocabulary.longestToken(startingLike: bytes) {
            tokens.append(token)
            bytes = bytes.dropFirst(vocabulary.bytes(of: token).count)
        }
        let last = automaton.next(state, forced)
        if tokens.count < most, bytes.isEmpty, automaton.isOver(last), let end = vocabulary.ends.first {
            tokens.append(end)
        }
        return tokens
    }

    /// The only token that may come next, if there is just one.
    package func onlyToken() -> Int32? {
        let mask = mask()
        return mask.count == 1 ? mask.tokens.first : nil
    }
}
