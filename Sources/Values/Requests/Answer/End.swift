/// The end of an answer, whole.
package struct End: Codable, Sendable, Equatable {
    package struct Usage: Codable, Sendable, Equatable {
        /// Tokens of the prompt; those of them that are visual tokens; those that the prefix cache had.
        package var prompt = 0
        package var image = 0
        package var cached = 0
        /// Tokens between the think tags, and tokens of the answer: tags and end token belong to neither.
        package var thinking = 0
        package var answer = 0
        /// Every token that was generated, tags and end token included.
        package var generated = 0

        package init() {}
    }

    /// In milliseconds; `ttft` and `total` are counted from the arrival of the request.
    package struct Timing: Codable, Sendable, Equatable {
        package var queueMilliseconds = 0.0
        package var visionMilliseconds = 0.0
        package var prefillMilliseconds = 0.0
        package var ttftMilliseconds = 0.0
        package var decodeMilliseconds = 0.0
        package var totalMilliseconds = 0.0
        package var tokensPerSecond = 0.0
        /// Steps of the decoder that gave tokens.
        package var decodeSteps = 0

        private enum CodingKeys: String, CodingKey {
            case queueMilliseconds = "queue_ms"
            case visionMilliseconds = "vision_ms"
            case prefillMilliseconds = "prefill_ms"
            case ttftMilliseconds = "ttft_ms"
            case decodeMilliseconds = "decode_ms"
            case totalMilliseconds = "total_ms"
            case tokensPerSecond = "tokens_per_second"
            case decodeSteps = "decode_steps"
        }

        package init() {}
    }

    /// What drafts have come to.
    package struct Speculation: Codable, Sendable, Equatable {
        /// Tokens that were guessed, those of them that were right, and the steps that checked some.
        package var drafted = 0
        package var accepted = 0
        package var steps = 0

        package init() {}
    }

    /// `stop`, `length`, `stop_string`, `cancelled` or `deadline`.
    package var finish: String
    package var text: String
    package var thinking: String
    /// The content of the answer's last `\boxed{…}`.
    package var boxed: String?
    package var usage: Usage
    package var timing: Timing
    package var seed: UInt64
    /// Why the end of thinking was forced: `budget` or `loop`.
    package var thinkingCut: String?
    /// Groups of ranks that were lost while they worked on it.
    package var replays: Int
    /// Where drafts were tried.
    package var speculation: Speculation?
    /// Of each token of thinking and answer, where they were asked for and nothing was streamed.
    package var logprobs: [TokenLogprobs]?
    /// By which another cluster can confirm the answer, where it was asked for.
    package var receipt: Receipt?

    package init(
        finish: String,
        text: String,
        thinking: String,
        boxed: String?,
        usage: Usage,
        timing: Timing,
        seed: UInt64,
        thinkingCut: String? = nil,
        replays: Int = 0,
        speculation: Speculation? = nil,
        logprobs: [TokenLogprobs]? = nil
    ) {
        self.finish = finish
        self.text = text
        self.thinking = thinking
        self.boxed = boxed
        self.usage = usage
        self.timing = timing
        self.seed = seed
        self.thinkingCut = thinkingCut
        self.replays = replays
        self.speculation = speculation
        self.logprobs = logprobs
    }

    private enum CodingKeys: String, CodingKey {
        case finish, text, thinking, boxed, usage, timing, seed, replays, speculation, logprobs, receipt
        case thinkingCut = "thinking_cut"
    }

    /// One line of JSON.
    package var json: String { JSONLine.encode(self) }

    package func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encode(finish, forKey: .finish)
        try c.encode(text, forKey: .text)
        try c.encode(thinking, forKey: .thinking)
        // Said even when there is none: a reader should not have to ask whether the member exists.
        try c.encode(boxed, forKey: .boxed)
        try c.encode(usage, forKey: .usage)
        try c.encode(timing, forKey: .timing)
        try c.encode(seed, forKey: .seed)
        try c.encodeIfPresent(thinkingCut, forKey: .thinkingCut)
        try c.encode(replays, forKey: .replays)
        try c.encodeIfPresent(speculation, forKey: .speculation)
        try c.encodeIfPresent(logprobs, forKey: .logprobs)
        try c.encodeIfPresent(receipt, forKey: .receipt)
    }
}
