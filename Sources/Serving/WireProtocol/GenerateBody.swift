package import Requests
internal import Diagnostics

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
        self = try BodyDecoding.decode(GenerateBody.self, json)
        try check()
    }

    private func check() throws(RequestError) {
        func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws(RequestError) {
            if !isRight { throw RequestError(.badArgument, what()) }
        }
        try require((messages == nil) != (prompt == nil), "expected messages or prompt, and not both")
        try require(messages?.isEmpty != true, "messages is empty, expected at least one message")
        do throws(UsageError) { try options.check() } catch { throw RequestError(.badArgument, error.description) }
    }
}

extension GenerateBody: Codable {
    private enum CodingKeys: String, CodingKey {
        case messages, prompt, temperature, seed, stop, think, stream, logprobs
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

    /// Reads the members that are there; `null` is as good as absent.
    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        messages = try c.decodeIfPresent([WireMessage].self, forKey: .messages)
        prompt = try c.decodeIfPresent(String.self, forKey: .prompt)
        options.sampling.maxTokens = try BodyDecoding.member(Int.self, .maxTokens, in: c) ?? options.sampling.maxTokens
        options.sampling.temperature = try BodyDecoding.member(Float.self, .temperature, in: c) ?? options.sampling.temperature
        options.sampling.topP = try BodyDecoding.member(Float.self, .topP, in: c) ?? options.sampling.topP
        options.sampling.topK = try BodyDecoding.member(Int.self, .topK, in: c) ?? options.sampling.topK
        options.sampling.minP = try BodyDecoding.member(Float.self, .minP, in: c) ?? options.sampling.minP
        options.sampling.repetitionPenalty = try BodyDecoding.member(Float.self, .repetitionPenalty, in: c) ?? options.sampling.repetitionPenalty
        options.sampling.presencePenalty = try BodyDecoding.member(Float.self, .presencePenalty, in: c) ?? 0
        options.sampling.frequencyPenalty = try BodyDecoding.member(Float.self, .frequencyPenalty, in: c) ?? 0
        if let biases = try c.decodeIfPresent([String: Float].self, forKey: .logitBias) {
            do throws(UsageError) {
                options.sampling.logitBias = try Sampling.biases(biases.map { ($0.key, $0.value) })
            } catch {
                throw RequestError(.badArgument, error.description)
            }
        }
        if let number = try? c.decodeIfPresent(Int.self, forKey: .seed) {
            guard number >= 0 else { throw RequestError(.badArgument, "seed is \(number), expected 0 or more") }
            options.seed = UInt64(number)
        } else {
            options.seed = try BodyDecoding.member(UInt64.self, .seed, in: c)
        }
        if let one = try? c.decodeIfPresent(String.self, forKey: .stop) {
            options.stop = [one]
        } else {
            options.stop = try c.decodeIfPresent([String].self, forKey: .stop) ?? []
        }
        if let text = try c.decodeIfPresent(String.self, forKey: .think) {
            guard let think = ThinkMode(rawValue: text) else {
                throw RequestError(.badArgument, "think is \"\(text.prefix(40))\", expected auto, on or off")
            }
            options.think = think
        }
        options.thinkBudget = try BodyDecoding.member(Int.self, .thinkBudget, in: c)
        options.maxTiles = try BodyDecoding.member(Int.self, .maxTiles, in: c)
        options.stream = try c.decodeIfPresent(Bool.self, forKey: .stream) ?? options.stream
        options.logprobs = try BodyDecoding.member(Int.self, .logprobs, in: c) ?? options.logprobs
        options.deadlineMilliseconds = try BodyDecoding.member(Int.self, .deadlineMilliseconds, in: c)
        options.loopGuard = try c.decodeIfPresent(Bool.self, forKey: .loopGuard) ?? options.loopGuard
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
            let biases = sampling.logitBias.map { (String($0.id), $0.bias) }
            try c.encode(Dictionary(biases) { first, _ in first }, forKey: .logitBias)
        }
        try c.encodeIfPresent(options.seed, forKey: .seed)
        try c.encode(options.stop, forKey: .stop)
        try c.encode(options.think.rawValue, forKey: .think)
        try c.encodeIfPresent(options.thinkBudget, forKey: .thinkBudget)
        try c.encodeIfPresent(options.maxTiles, forKey: .maxTiles)
        try c.encode(options.stream, forKey: .stream)
        try c.encode(options.logprobs, forKey: .logprobs)
        try c.encodeIfPresent(options.deadlineMilliseconds, forKey: .deadlineMilliseconds)
        try c.encode(options.loopGuard, forKey: .loopGuard)
    }

    /// One line of JSON.
    package var json: String { JSONLine.encode(self) }
}
