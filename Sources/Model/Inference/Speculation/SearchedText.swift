internal import Requests

/// One sequence's prompt and answer, as guesses at its next token are made from them.
struct SearchedText: Sendable {
    private(set) var followers = FollowerTable()
    private(set) var end = TextEnd()
    /// Names the prompt, so that answers to the same are found.
    let prompt: PageKey

    /// - Parameters:
    ///   - tokens: what there is, with gaps where pictures are.
    ///   - more: tokens to come that take no memory then.
    init(_ tokens: [Int32], prompt: PageKey, reserving more: Int) {
        self.prompt = prompt
        followers.reserve(tokens.count + more)
        for token in tokens { append(token) }
    }

    mutating func append(_ token: Int32) {
        if token != TextEnd.gap { followers.note(token, after: end.contexts) }
        end.append(token)
    }
}
