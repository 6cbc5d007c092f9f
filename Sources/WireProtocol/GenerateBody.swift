/// The body of GENERATE and COUNT, every member checked.
package struct GenerateBody: Sendable, Equatable {
    package var messages: [WireMessage]?
    package var prompt: String?
    package var maxTokens = 512
    package var temperature: Float = 0
    package var topP: Float = 1
    package var topK = 0
    package var minP: Float = 0
    package var repetitionPenalty: Float = 1
    /// `nil`: drawn by the server, and told in ACK.
    package var seed: UInt64?
    package var stop: [String] = []
    /// `auto`, `on` or `off`.
    package var think = "auto"
    package var thinkBudget: Int?
    package var maxTiles: Int?
    package var stream = true
    package var logprobs = 0
    package var deadlineMilliseconds: Int?
    /// Whether thinking that repeats itself without end is cut short.
    package var loopGuard = true

    /// A request for the answer to a conversation.
    package init(messages: [WireMessage]) { self.messages = messages }

    /// A request about the blobs that are sent with it, in their order, and `prompt`.
    package init(prompt: String) { self.prompt = prompt }

    /// - Throws: `BAD_JSON`, or `BAD_ARG` naming the member.
    package init(json: String) throws(WireError) {
        self = try BodyDecoding.decode(GenerateBody.self, json)
        try check()
    }

    private func check() throws(WireError) {
        func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws(WireError) {
            if !isRight { throw WireError(.badArgument, what()) }
        }
        try require((messages == nil) != (prompt == nil), "expected messages or prompt, and not both")
        try require(messages?.isEmpty != true, "messages is empty, expected at least one message")
        try require((1...1_000_000).contains(maxTokens), "max_tokens is \(maxTokens), expected 1 to 1000000")
        try require((0...100).contains(temperature), "temperature is \(temperature), expected 0 to 100")
        try require(topP > 0 && topP <= 1, "top_p is \(topP), expected more than 0 and at most 1")
        try require((0...1_000_000_000).contains(topK), "top_k is \(topK), expected 0 (off) to 1000000000")
        try require((0...1).contains(minP), "min_p is \(minP), expected 0 to 1")
        try require(
            repetitionPenalty > 0 && repetitionPenalty <= 100,
            "repetition_penalty is \(repetitionPenalty), expected more than 0 and at most 100"
        )
        try require(stop.count <= 16, "stop has \(stop.count) texts, expected 16 at most")
        try require(
            stop.allSatisfy { (1...1024).contains($0.utf8.count) },
            "stop holds a text that is empty or too long"
        )
        try require(
            ["auto", "on", "off"].contains(think),
            "think is \"\(think.prefix(40))\", expected auto, on or off"
        )
        try require(thinkBudget.map { $0 >= 0 } ?? true, "think_budget is negative")
        try require(maxTiles.map { (1...64).contains($0) } ?? true, "max_tiles is \(maxTiles ?? 0), expected 1 to 64")
        try require((0...20).contains(logprobs), "logprobs is \(logprobs), expected 0 to 20")
        try require(
            deadlineMilliseconds.map { (1...1_000_000_000).contains($0) } ?? true,
            "deadline_ms is \(deadlineMilliseconds ?? 0), expected 1 to 1000000000"
        )
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
        maxTokens = try BodyDecoding.member(Int.self, .maxTokens, in: c) ?? maxTokens
        temperature = try BodyDecoding.member(Float.self, .temperature, in: c) ?? temperature
        topP = try BodyDecoding.member(Float.self, .topP, in: c) ?? topP
        topK = try BodyDecoding.member(Int.self, .topK, in: c) ?? topK
        minP = try BodyDecoding.member(Float.self, .minP, in: c) ?? minP
        repetitionPenalty = try BodyDecoding.member(Float.self, .repetitionPenalty, in: c) ?? repetitionPenalty
        if let number = try? c.decodeIfPresent(Int.self, forKey: .seed) {
            guard number >= 0 else { throw WireError(.badArgument, "seed is \(number), expected 0 or more") }
            seed = UInt64(number)
        } else {
            seed = try BodyDecoding.member(UInt64.self, .seed, in: c)
        }
        if let one = try? c.decodeIfPresent(String.self, forKey: .stop) {
            stop = [one]
        } else {
            stop = try c.decodeIfPresent([String].self, forKey: .stop) ?? []
        }
        think = try c.decodeIfPresent(String.self, forKey: .think) ?? think
        thinkBudget = try BodyDecoding.member(Int.self, .thinkBudget, in: c)
        maxTiles = try BodyDecoding.member(Int.self, .maxTiles, in: c)
        stream = try c.decodeIfPresent(Bool.self, forKey: .stream) ?? stream
        logprobs = try BodyDecoding.member(Int.self, .logprobs, in: c) ?? logprobs
        deadlineMilliseconds = try BodyDecoding.member(Int.self, .deadlineMilliseconds, in: c)
        loopGuard = try c.decodeIfPresent(Bool.self, forKey: .loopGuard) ?? loopGuard
    }

    /// One line of JSON.
    package var json: String { WireJSON.line(self) }
}
