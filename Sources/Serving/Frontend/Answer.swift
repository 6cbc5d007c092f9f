internal import Foundation
package import Requests
package import ServingCore
package import Tokenization

/// A finished answer, as `generate --json` prints it.
package struct Answer: Sendable, Encodable {
    package var id: String?
    package var promptTokens: Int
    package var inputIds: [Int32]
    package var tiles: [Int]
    package var tokens: [Int32]
    /// Everything that was generated, tags included, without the end token and without a stop string.
    package var text: String
    package var thinking: String
    package var answer: String
    package var boxed: String?
    package var finish: String
    /// Why the end of thinking was forced: `budget` or `loop`.
    package var thinkingCut: String?
    /// One for each of `tokens`, if they were asked for.
    package var logprobs: [TokenLogprobs]?
    package var timing: End.Timing
    /// Where drafts were tried.
    package var speculation: End.Speculation?
    /// Where it was asked for.
    package var receipt: Receipt?

    package init(_ ending: Ending, of request: PreparedRequest, tokenizer: Tokenizer) {
        let end = ending.end
        promptTokens = request.promptIds.count
        inputIds = request.promptIds
        tiles = request.tiles
        tokens = ending.tokens
        text = Self.wholeText(ending, tokenizer)
        thinking = end.thinking
        answer = end.text
        boxed = end.boxed
        finish = end.finish
        thinkingCut = end.thinkingCut
        logprobs = ending.logprobs.isEmpty ? nil : ending.logprobs
        timing = end.timing
        speculation = end.speculation
        receipt = end.receipt
    }

    private static func wholeText(_ ending: Ending, _ tokenizer: Tokenizer) -> String {
        let whole = AnswerText(ending.tokens, tokenizer: tokenizer)
        guard ending.end.finish == FinishReason.stopString.rawValue,
            let end = whole.text.range(of: whole.answer, options: .backwards)?.lowerBound
        else { return whole.text }
        return String(whole.text[..<end]) + ending.end.text
    }

    private enum CodingKeys: String, CodingKey {
        case id, tiles, tokens, text, thinking, answer, boxed, finish, logprobs, timing, speculation, receipt
        case promptTokens = "prompt_tokens"
        case inputIds = "input_ids"
        case thinkingCut = "thinking_cut"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encode(promptTokens, forKey: .promptTokens)
        try container.encode(inputIds, forKey: .inputIds)
        try container.encode(tiles, forKey: .tiles)
        try container.encode(tokens, forKey: .tokens)
        try container.encode(text, forKey: .text)
        try container.encode(thinking, forKey: .thinking)
        try container.encode(answer, forKey: .answer)
        // Said even when there is none: a reader should not have to ask whether the key exists.
        try container.encode(boxed, forKey: .boxed)
        try container.encode(finish, forKey: .finish)
        try container.encodeIfPresent(thinkingCut, forKey: .thinkingCut)
        try container.encodeIfPresent(logprobs, forKey: .logprobs)
        try container.encode(timing, forKey: .timing)
        try container.encodeIfPresent(speculation, forKey: .speculation)
        try container.encodeIfPresent(receipt, forKey: .receipt)
    }

    /// One line of JSON.
    package var json: String { JSONLine.encode(self) }
}
