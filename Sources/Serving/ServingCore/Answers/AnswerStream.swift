package import Requests
package import Tokenization

/// Divides an answer's tokens, as they come, into pieces of reasoning and of answer with the tokens that made them.
///
/// Text is never half a character nor half of what may become a stop string; the tokens behind text that is held back
/// come with the piece that it becomes part of. Tags and end tokens belong to no piece.
package struct AnswerStream: Sendable {
    /// What a token completed.
    package struct Segment: Sendable, Equatable {
        package var part: ThinkSplitter.Part
        /// Empty only where a part ends with tokens that have no text, such as line ends after the reasoning.
        package var text: String
        package var ids: [Int32]
        package var logprobs: [TokenLogprobs]
    }

    private let control: ControlTokens
    private var splitter: ThinkSplitter
    private var matcher: StopStringMatcher
    private var pendingIds: [Int32] = []
    private var pendingLogprobs: [TokenLogprobs] = []
    /// Everything that was given out, by part.
    package private(set) var thinking = ""
    package private(set) var answer = ""
    /// Tokens of each part, tags and end tokens not counted.
    package private(set) var thinkingCount = 0
    package private(set) var answerCount = 0

    package init(_ tokenizer: Tokenizer, stop: [String]) {
        control = tokenizer.control
        splitter = ThinkSplitter(tokenizer)
        matcher = StopStringMatcher(stop)
    }

    /// Whether a stop string has come: nothing more belongs to the answer.
    package var hasMatchedStop: Bool { matcher.hasMatched }

    /// Takes the next token.
    package mutating func append(_ id: Int32, logprobs: TokenLogprobs? = nil) -> [Segment] {
        guard !hasMatchedStop, !control.isEnd(id) else { return [] }
        if id == control.think || id == control.endThink {
            let part = splitter.part
            return end(part, splitter.append(id)?.text ?? "")
        }
        let part = splitter.part
        if part == .thinking { thinkingCount += 1 } else { answerCount += 1 }
        pendingIds.append(id)
        if let logprobs { pendingLogprobs.append(logprobs) }
        guard let piece = splitter.append(id) else { return [] }
        let text = part == .answer ? matcher.append(piece.text) : piece.text
        return text.isEmpty ? [] : [take(part, text)]
    }

    /// What was held back at the end.
    package mutating func finish() -> [Segment] {
        let part = splitter.part
        return end(part, hasMatchedStop ? "" : splitter.finish()?.text ?? "")
    }

    /// Gives out everything that is left of a part.
    private mutating func end(_ part: ThinkSplitter.Part, _ rest: String) -> [Segment] {
        let text = part == .answer ? matcher.append(rest) + matcher.finish() : rest
        return text.isEmpty && pendingIds.isEmpty ? [] : [take(part, text)]
    }

    private mutating func take(_ part: ThinkSplitter.Part, _ text: String) -> Segment {
        defer {
            pendingIds = []
            pendingLogprobs = []
        }
        if part == .thinking { thinking += text } else { answer += text }
        return Segment(part: part, text: text, ids: pendingIds, logprobs: pendingLogprobs)
    }
}
