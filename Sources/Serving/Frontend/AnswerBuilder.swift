internal import Foundation
internal import GroupLink
package import Tokenization
package import Requests

/// Builds an answer from tokens as they come.
package struct AnswerBuilder {
    private let request: PreparedRequest
    private let tokenizer: Tokenizer
    private var stream: AnswerStream
    private var tokens: [Int32] = []
    private var logprobs: [TokenLogprobs] = []
    private let started = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?

    package init(_ request: PreparedRequest, tokenizer: Tokenizer) {
        self.request = request
        self.tokenizer = tokenizer
        stream = AnswerStream(tokenizer, stop: request.stop)
    }

    /// Whether a stop string has come: nothing more belongs to the answer.
    package var hasMatchedStop: Bool { stream.hasMatchedStop }

    /// Takes tokens; returns the pieces of text that they complete.
    package mutating func append(_ new: StepReport.Tokens) -> [AnswerStream.Segment] {
        var pieces: [AnswerStream.Segment] = []
        for (index, id) in new.ids.enumerated() where !hasMatchedStop {
            lastToken = ContinuousClock.now
            firstToken = firstToken ?? lastToken
            tokens.append(id)
            if new.logprobs.indices.contains(index) { logprobs.append(new.logprobs[index]) }
            pieces += stream.append(id)
        }
        return pieces.filter { !$0.text.isEmpty }
    }

    /// What was held back at the end.
    package mutating func finish() -> [AnswerStream.Segment] { stream.finish().filter { !$0.text.isEmpty } }

    /// The whole answer, after `finish`.
    package func result(_ summary: JobSummary) -> Answer {
        Answer(
            prompt_tokens: request.promptIds.count,
            input_ids: request.promptIds,
            tiles: request.tiles,
            tokens: tokens,
            text: wholeText,
            thinking: stream.thinking,
            answer: stream.answer,
            boxed: AnswerText.boxed(in: stream.answer),
            finish: hasMatchedStop ? FinishReason.stopString.rawValue : summary.finish,
            thinking_cut: summary.thinkingCut,
            logprobs: logprobs.isEmpty ? nil : logprobs,
            timing: timing(summary)
        )
    }

    private func timing(_ summary: JobSummary) -> AnswerTiming {
        var timing = AnswerTiming()
        let first = firstToken ?? ContinuousClock.now
        let last = lastToken ?? first
        timing.vision_ms = summary.visionMilliseconds
        timing.prefill_ms = summary.prefillMilliseconds
        timing.ttft_ms = (first - started) / .milliseconds(1)
        timing.decode_ms = (last - first) / .milliseconds(1)
        timing.total_ms = (last - started) / .milliseconds(1)
        if tokens.count > 1, timing.decode_ms > 0 {
            timing.tokens_per_second = Double(tokens.count - 1) / (timing.decode_ms / 1000)
        }
        return timing
    }

    /// Everything that was generated, tags included, without the end token and without a stop string.
    private var wholeText: String {
        let whole = AnswerText(tokens, tokenizer: tokenizer)
        guard hasMatchedStop, let end = whole.text.range(of: whole.answer, options: .backwards)?.lowerBound else {
            return whole.text
        }
        return String(whole.text[..<end]) + stream.answer
    }
}
