/// Watches over a sequence's reasoning: counts its tokens, notices when it goes round in circles, and says when its end
/// must be forced.
///
/// It is a function of the tokens alone, so that a sequence that is taken up again by another group is cut at the same
/// place. A circle is a block of 1 to 256 tokens that has come at least six times in a row, 128 tokens long in all;
/// tables and lists repeat themselves too, but not word for word.
package struct ThinkGuard: Sendable {
    /// Why the end of thinking was forced.
    package enum Cut: String, Sendable {
        case budget
        case loop
    }

    static let longestBlock = 256
    static let fewestRepeats = 6
    static let fewestTokens = 128

    private let options: GenerateJob.Thinking
    private var isThinking = false
    /// Tokens inside think blocks, over all of them.
    private(set) var count = 0
    private var recent: [Int32] = []
    /// By length of block: how many of the last tokens are the same as the one that many places before.
    private var matches: [Int] = []
    private var isLooping = false
    package private(set) var cut: Cut?

    package init(_ options: GenerateJob.Thinking) {
        self.options = options
        guard options.breaksLoops else { return }
        matches = Array(repeating: 0, count: Self.longestBlock + 1)
        recent.reserveCapacity(2 * Self.longestBlock + 1)
    }

    /// The token to take in place of the one chosen.
    package mutating func replace(_ chosen: Int32) -> Int32 {
        guard isThinking, chosen != options.endId else { return chosen }
        return due == nil ? chosen : options.endId
    }

    /// Why thinking must end now; `nil` while it may go on.
    private var due: Cut? {
        if let budget = options.budget, count >= budget { return .budget }
        return isLooping ? .loop : nil
    }

    /// Why the end of thinking was forced somewhere in an answer; `nil` if it was not.
    package static func cut(in answer: [Int32], _ options: GenerateJob.Thinking) -> Cut? {
        var watch = ThinkGuard(options)
        for token in answer { watch.append(token) }
        return watch.cut
    }

    /// The next token of the answer.
    package mutating func append(_ token: Int32) {
        if token == options.startId || token == options.endId {
            // Thinking that ends by itself just where it had to counts as cut: the tokens cannot tell the two apart.
            if isThinking, token == options.endId, let due { cut = due }
            isThinking = token == options.startId
            isLooping = false
            recent.removeAll(keepingCapacity: true)
            for length in matches.indices { matches[length] = 0 }
            return
        }
        guard isThinking else { return }
        count += 1
        if options.breaksLoops { watch(token) }
    }

    private mutating func watch(_ token: Int32) {
        for length in 1...min(Self.longestBlock, max(recent.count, 1)) where recent.count >= length {
            matches[length] = recent[recent.count - length] == token ? matches[length] + 1 : 0
            let span = max(Self.fewestRepeats * length, Self.fewestTokens)
            if matches[length] >= span - length { isLooping = true }
        }
        recent.append(token)
        if recent.count > 2 * Self.longestBlock { recent.removeFirst(Self.longestBlock) }
    }
}
