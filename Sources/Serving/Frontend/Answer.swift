internal import Foundation
internal import GroupLink
internal import Tokenization
package import Requests

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
    /// Why the end of thinking was forced: `budget` or `loop`.
    package var thinking_cut: String?
    /// One for each of `tokens`, if they were asked for.
    package var logprobs: [TokenLogprobs]?
    package var timing: AnswerTiming

    private enum CodingKeys: String, CodingKey {
        case id, prompt_tokens, input_ids, tiles, tokens, text, thinking, answer, boxed, finish, thinking_cut, logprobs
        case timing
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
        try container.encodeIfPresent(thinking_cut, forKey: .thinking_cut)
        try container.encodeIfPresent(logprobs, forKey: .logprobs)
        try container.encode(timing, forKey: .timing)
    }

    /// One line of JSON.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
