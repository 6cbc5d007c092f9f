internal import Foundation
package import GroupLink
package import Tokenization

/// How long the stages of an answer took, in milliseconds, as END of the protocol says it.
///
/// `vision_ms` is until the last visual token had arrived, `prefill_ms` the time of the steps that took the prompt in; the
/// two overlap. Nothing queues in front of a group that was started for the answer.
package struct AnswerTiming: Sendable, Encodable {
    package var queue_ms = 0.0
    package var vision_ms = 0.0
    package var prefill_ms = 0.0
    package var ttft_ms = 0.0
    package var decode_ms = 0.0
    package var total_ms = 0.0
    /// Tokens after the first, over the time from the first to the last: the first belongs to prefill.
    package var tokens_per_second = 0.0
}

/// A finished answer, as `--json` prints it.
package struct Answer: Sendable, Encodable {
    package var id: String?
    package var prompt_tokens: Int
    package var input_ids: [Int32]
    package var tiles: [Int]
    package var tokens: [Int32]
    package var text: String
    package var thinking: String
    package var answer: String
    package var boxed: String?
    package var finish: String
    package var timing: AnswerTiming

    private enum CodingKeys: String, CodingKey {
        case id, prompt_tokens, input_ids, tiles, tokens, text, thinking, answer, boxed, finish, timing
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encode(prompt_tokens, forKey: .prompt_tokens)
        try container.encode(input_ids, forKey: .input_ids)
        try container.encode(tiles, forKey: .tiles)
        try container.encode(tokens, forKey: .tokens)
        try container.encode(text, forKey: .text)
        try container.encode(thinking, forKey: .thinking)
        try container.encode(answer, forKey: .answer)
        // Said even when there is none: a reader should not have to ask whether the key exists.
        try container.encode(boxed, forKey: .boxed)
        try container.encode(finish, forKey: .finish)
        try container.encode(timing, forKey: .timing)
    }

    /// One line of JSON.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// Builds an answer from tokens as they come.
package struct AnswerBuilder {
    private let request: PreparedRequest
    private let tokenizer: Tokenizer
    private var splitter: ThinkSplitter
    private var matcher: StopStringMatcher
    private var tokens: [Int32] = []
    private var answer = ""
    private var thinking = ""
    private let started = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?

    package init(_ request: PreparedRequest, tokenizer: Tokenizer) {
        self.request = request
        self.tokenizer = tokenizer
        splitter = ThinkSplitter(tokenizer)
        matcher = StopStringMatcher(request.stop)
    }

    /// Whether a stop string has come: nothing more belongs to the answer.
    package var hasMatchedStop: Bool { matcher.hasMatched }

    /// Takes tokens; returns the pieces of text that they complete.
    package mutating func append(_ ids: [Int32]) -> [ThinkSplitter.Piece] {
        var pieces: [ThinkSplitter.Piece] = []
        for id in ids where !hasMatchedStop {
            lastToken = ContinuousClock.now
            firstToken = firstToken ?? lastToken
            tokens.append(id)
            if let piece = splitter.append(id) { pieces += keep(piece) }
        }
        return pieces
    }

    /// What was held back at the end.
    package mutating func finish() -> [ThinkSplitter.Piece] {
        var pieces = hasMatchedStop ? [] : splitter.finish().map { keep($0) } ?? []
        let rest = matcher.finish()
        if !rest.isEmpty {
            answer += rest
            pieces.append(ThinkSplitter.Piece(part: .answer, text: rest))
        }
        return pieces
    }

    private mutating func keep(_ piece: ThinkSplitter.Piece) -> [ThinkSplitter.Piece] {
        guard piece.part == .answer else {
            thinking += piece.text
            return [piece]
        }
        let text = matcher.append(piece.text)
        answer += text
        return text.isEmpty ? [] : [ThinkSplitter.Piece(part: .answer, text: text)]
    }

    /// The whole answer, after `finish`.
    package func result(_ summary: JobSummary) -> Answer {
        var timing = AnswerTiming()
        let first = firstToken ?? ContinuousClock.now
        let last = lastToken ?? first
        timing.vision_ms = summary.visionMilliseconds
        timing.prefill_ms = summary.prefillMilliseconds
        timing.ttft_ms = Self.milliseconds(first - started)
        timing.decode_ms = Self.milliseconds(last - first)
        timing.total_ms = Self.milliseconds(last - started)
        if tokens.count > 1, timing.decode_ms > 0 {
            timing.tokens_per_second = Double(tokens.count - 1) / (timing.decode_ms / 1000)
        }
        return Answer(
            prompt_tokens: request.job.promptIds.count,
            input_ids: request.job.promptIds,
            tiles: request.tiles,
            tokens: tokens,
            text: wholeText,
            thinking: thinking,
            answer: answer,
            boxed: AnswerText.boxed(in: answer),
            finish: hasMatchedStop ? "stop_string" : summary.finish,
            timing: timing
        )
    }

    /// Everything that was generated, tags included, without the end token and without a stop string.
    private var wholeText: String {
        let whole = AnswerText(tokens, tokenizer: tokenizer)
        guard hasMatchedStop, let end = whole.text.range(of: whole.answer, options: .backwards)?.lowerBound else {
            return whole.text
        }
        return String(whole.text[..<end]) + answer
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        (Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) * 1e-15)
    }
}
