internal import Constraints
internal import Diagnostics
package import JSON
package import Requests

/// The body of GENERATE and COUNT, every member checked.
package struct GenerateBody: Sendable, Equatable {
    package var messages: [WireMessage]?
    package var prompt: String?
    package var options = RequestOptions()

    /// A request for the answer to a conversation.
    package init(messages: [WireMessage]) { self.messages = messages }

    /// A request about the blobs that are sent with it, in their order, and `prompt`.
    package init(prompt: String) { self.prompt = prompt }

    /// - Throws: `BAD_JSON`, or `BAD_ARG` naming the member.
    package init(json: String) throws(RequestError) {
        try BodyReading.object(json) { (reader, key) throws(JSONFailure) in
            try read(key, &reader, from: .wire)
        }
        try check()
    }

    /// A body with nothing in it yet, to be filled by `read`.
    ///
    /// - Parameter options: what counts where no member says otherwise.
    package init(defaults options: RequestOptions) { self.options = options }

    /// Reads the value of the member `key` if it is known here; says whether it was.
    ///
    /// `null` is as good as absent.
    package mutating func read(
        _ key: String,
        _ reader: inout JSONReader,
        from source: ConversationSource
    ) throws(JSONFailure) -> Bool {
        switch key {
        case "messages": messages = try reader.skipNull() ? nil : try WireMessage.list(&reader, from: source)
        case "prompt": prompt = try reader.skipNull() ? nil : try reader.string()
        default: return try options.read(key, &reader)
        }
        return true
    }

    /// Refuses what is no conversation, and options outside their range.
    package func check() throws(RequestError) {
        func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws(RequestError) {
            if !isRight { throw RequestError(.badArgument, what()) }
        }
        try require((messages == nil) != (prompt == nil), "expected messages or prompt, and not both")
        try require(messages?.isEmpty != true, "messages is empty, expected at least one message")
        do throws(UsageError) { try options.check() } catch { throw RequestError(.badArgument, error.description) }
    }
}

extension GenerateBody: Encodable {
    private enum CodingKeys: String, CodingKey {
        case messages, prompt, temperature, seed, stop, think, stream, logprobs, tiling, orient, speculate, receipt
        case rgbFirst = "rgb_first"
        case maxTokens = "max_tokens"
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case logitBias = "logit_bias"
        case thinkBudget = "think_budget"
        case maxTiles = "max_tiles"
        case deadlineMilliseconds = "deadline_ms"
        case loopGuard = "loop_guard"
    }

    /// Every member that has a value.
    package func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encodeIfPresent(messages, forKey: .messages)
        try c.encodeIfPresent(prompt, forKey: .prompt)
        let sampling = options.sampling
        try c.encode(sampling.maxTokens, forKey: .maxTokens)
        try c.encode(sampling.temperature, forKey: .temperature)
        try c.encode(sampling.topP, forKey: .topP)
        try c.encode(sampling.topK, forKey: .topK)
        try c.encode(sampling.minP, forKey: .minP)
        try c.encode(sampling.repetitionPenalty, forKey: .repetitionPenalty)
        if sampling.presencePenalty != 0 { try c.encode(sampling.presencePenalty, forKey: .presencePenalty) }
        if sampling.frequencyPenalty != 0 { try c.encode(sampling.frequencyPenalty, forKey: .frequencyPenalty) }
        if !sampling.logitBias.isEmpty {
            let biases = sampling.logitBias.map { ("\($0.id)", $0.bias) }
            try c.encode(Dictionary(biases) { $1 }, forKey: .logitBias)
        }
        try c.encodeIfPresent(options.seed, forKey: .seed)
        try c.encode(options.stop, forKey: .stop)
        try c.encode(options.think.rawValue, forKey: .think)
        try c.encodeIfPresent(options.thinkBudget, forKey: .thinkBudget)
        try c.encodeIfPresent(options.maxTiles, forKey: .maxTiles)
        try c.encodeIfPresent(options.tiling?.rawValue, forKey: .tiling)
        if options.rgbFirst { try c.encode(true, forKey: .rgbFirst) }
        if options.orient { try c.encode(true, forKey: .orient) }
        try c.encode(options.stream, forKey: .stream)
        try c.encode(options.logprobs, forKey: .logprobs)
        try c.encodeIfPresent(options.deadlineMilliseconds, forKey: .deadlineMilliseconds)
        try c.encode(options.loopGuard, forKey: .loopGuard)
        if !options.speculate { try c.encode(options.speculate, forKey: .speculate) }
        if options.receipt { try c.encode(true, forKey: .receipt) }
    }

    /// One line of JSON.
    package var json: String {
        let line = JSONLine.encode(self)
        // A schema's members keep their order, which an encoder would not leave them.
        return options.format.map { "{\"format\":\($0.json)," + line.dropFirst() } ?? line
    }
}
