internal import Constraints
internal import Requests

/// Follows an answer through its format, which begins behind the thinking.
///
/// A function of the tokens alone, so that a sequence that is taken up again goes on in the same place.
struct FormatGuard {
    private enum Phase {
        /// Nothing has come yet: thinking may begin.
        case open
        case thinking
        case answering
    }

    private let thinking: GenerateJob.Thinking?
    private let ends: [Int32]
    private var phase: Phase
    private var state: ConstraintState

    init(_ constraint: Constraint, _ job: GenerateJob) {
        thinking = job.thinking
        ends = job.stopIds
        state = constraint.start
        // A prompt that opens the answer with an empty think block ends with that and a line end.
        let isClosed = job.thinking.map { job.promptIds.suffix(4).contains($0.endId) } ?? true
        phase = isClosed ? .answering : .open
    }

    /// Takes the next token of the answer.
    mutating func append(_ token: Int32) {
        switch phase {
        case .open where token == thinking?.startId: phase = .thinking
        case .thinking: if token == thinking?.endId { phase = .answering }
        case .open, .answering:
            phase = .answering
            state = state.advanced(by: token) ?? state
        }
    }

    /// The token to take in place of the one chosen: thinking ends where the model would end without an answer.
    func replace(_ chosen: Int32) -> Int32 {
        guard phase == .thinking, let thinking, ends.contains(chosen) else { return chosen }
        return thinking.endId
    }

    /// The guard behind some more tokens.
    func behind(_ tokens: some Sequence<Int32>) -> FormatGuard {
        var next = self
        for token in tokens { next.append(token) }
        return next
    }

    /// Whether not anything may come next, or behind one of these tokens.
    func isHolding(along draft: [Int32]) -> Bool {
        phase != .thinking || draft.contains { $0 == thinking?.endId }
    }

    /// What of a draft may come at all.
    func allowedPart(of draft: [Int32]) -> ArraySlice<Int32> {
        var next = self
        for (count, token) in draft.enumerated() {
            if let allowed = next.allowed, !allowed.contains(token) { return draft[..<count] }
            next.append(token)
        }
        return draft[...]
    }

    /// Tokens that would write what must come; none where the model may think instead.
    func forcedTokens(most: Int) -> [Int32] { phase == .answering ? state.forcedTokens(most: most) : [] }

    /// What may come next; `nil` while the model thinks, when anything may.
    var allowed: AllowedTokens? {
        phase == .thinking ? nil : AllowedTokens(state: state, besides: phase == .open ? thinking?.startId : nil)
    }
}

/// The tokens that a format allows in one place.
package struct AllowedTokens {
    let state: ConstraintState
    /// A token that is no part of the format and may come all the same.
    let besides: Int32?

    func contains(_ token: Int32) -> Bool { token == besides || state.allows(token) }

    var mask: TokenMask {
        var mask = state.mask()
        if let besides { mask.insert(besides) }
        return mask
    }
}
