internal import Requests

/// Answers of late, by how their prompts begin: whoever asks the same again, or asks for several answers at once, finds in
/// them what may come next.
///
/// Bounded in tokens; the one that was used longest ago goes first.
struct AnswerMemory: Sendable {
    private struct Entry: Sendable {
        var tokens: [Int32]
        var used: Int
    }

    private let maxTokens: Int
    private var entries: [PageKey: Entry] = [:]
    private var clock = 0
    private(set) var tokenCount = 0

    /// Tokens of one prompt's answers that are kept: the latest.
    static let mostOfPrompt = 8192
    /// Tokens of the prompt's end that are kept before an answer, so that its beginning is found.
    static let lead = 4

    init(maxTokens: Int) { self.maxTokens = maxTokens }

    /// Keeps an answer.
    ///
    /// - Parameters:
    ///   - key: of the prompt.
    ///   - tokens: the last of the prompt, and the answer.
    mutating func keep(_ tokens: ArraySlice<Int32>, of key: PageKey) {
        clock += 1
        var all = entries[key]?.tokens ?? []
        tokenCount -= all.count
        all.append(LookupIndex.gap)
        all += tokens
        if all.count > Self.mostOfPrompt { all.removeFirst(all.count - Self.mostOfPrompt) }
        tokenCount += all.count
        entries[key] = Entry(tokens: all, used: clock)
        while tokenCount > maxTokens, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            tokenCount -= oldest.value.tokens.count
            entries[oldest.key] = nil
        }
    }

    /// The answers to the same prompt, with gaps between them, the latest last.
    mutating func answers(to key: PageKey) -> [Int32] {
        clock += 1
        entries[key]?.used = clock
        return entries[key]?.tokens ?? []
    }
}
