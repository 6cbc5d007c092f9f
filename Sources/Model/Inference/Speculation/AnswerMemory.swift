internal import Requests

/// Answers of late, by what their prompts have in common: how they begin, or their words where pictures differ.
///
/// Whoever asks the same again, asks for several answers at once, or asks the same about other pictures, finds in them what may
/// come next. They are kept as they are searched, so that who begins with them takes a copy.
///
/// Bounded in tokens and prompts; the one that was used longest ago goes first.
struct AnswerMemory: Sendable {
    private struct Entry: Sendable {
        var index: LookupIndex
        var used: Int
    }

    private let maxTokens: Int
    private var entries: [PageKey: Entry] = [:]
    private var clock = 0
    private(set) var tokenCount = 0

    /// Tokens of one prompt's answers that are kept: the latest.
    static let mostOfPrompt = 8192
    /// Of answers to the same words about any pictures, and about each of these: a few say how the next will go.
    static let mostOfWords = 2048
    /// Prompts and words that are known at a time: each has a table of its own.
    static let mostPrompts = 4096
    /// Tokens of the prompt's end that are kept before an answer, so that its beginning is found.
    static let lead = 4

    init(maxTokens: Int) { self.maxTokens = maxTokens }

    /// Keeps an answer.
    ///
    /// - Parameters:
    ///   - key: of the prompt.
    ///   - tokens: the last of the prompt, and the answer.
    ///   - most: tokens that are kept of this key's answers.
    mutating func keep(_ tokens: ArraySlice<Int32>, of key: PageKey, most: Int = mostOfPrompt) {
        clock += 1
        var index = entries.removeValue(forKey: key)?.index ?? LookupIndex()
        tokenCount -= index.count
        index.append(LookupIndex.gap)
        index.append(contentsOf: tokens)
        // What is left is linked anew, so that more goes than must; the newest answer stays whole if it can.
        if index.count > most { index = index.latest(max(most / 2, min(most, tokens.count + 1))) }
        tokenCount += index.count
        entries[key] = Entry(index: index, used: clock)
        while tokenCount > maxTokens || entries.count > Self.mostPrompts,
            let oldest = entries.min(by: { $0.value.used < $1.value.used })
        {
            tokenCount -= oldest.value.index.count
            entries[oldest.key] = nil
        }
    }

    /// The answers to the same prompt, with gaps between them, the latest last.
    mutating func answers(to key: PageKey) -> LookupIndex {
        clock += 1
        entries[key]?.used = clock
        return entries[key]?.index ?? LookupIndex()
    }
}
