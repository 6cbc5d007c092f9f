import ArgumentParser
import Diagnostics
import Foundation
import Frontend
import Tokenization

/// The options that say how an answer is generated.
struct AnswerOptions: ParsableArguments {
    @Option(help: "Tokens to generate at most.")
    var maxTokens = 512

    @Option(help: "0 always takes the likeliest token; higher is more varied.")
    var temperature: Float = 0

    @Option(help: "Only the k likeliest tokens; 0 is all.")
    var topK = 0

    @Option(help: "Only the likeliest tokens that together have this probability.")
    var topP: Float = 1

    @Option(help: "Only tokens at least this fraction as likely as the likeliest one.")
    var minP: Float = 0

    @Option(help: "Makes tokens that were there before less likely; 1 is off.")
    var repetitionPenalty: Float = 1

    @Option(help: "The same seed gives the same answer, for any number of ranks; by default a random one.")
    var seed: UInt64?

    @Option(help: "A text that ends the answer; may be given several times.")
    var stop: [String] = []

    @Option(help: "on asks for reasoning as published, off prevents it, auto leaves it to the prompt.")
    var think = "auto"

    @Option(help: "Tokens of reasoning at most; then its end is forced.")
    var thinkBudget: Int?

    @Option(help: "With --json: log-probabilities of each token and so many alternatives, up to 20.")
    var logprobs = 0

    @Option(help: "Tiles of a picture at most, the thumbnail not counted; by default the checkpoint's own.")
    var maxTiles: Int?

    /// Writes the choices into a request.
    func apply(to request: inout ConversationRequest) throws {
        request.sampling = try sampling()
        request.think = try Self.thinkMode(think)
        request.stop = stop
        request.maxTiles = maxTiles
        if let thinkBudget, thinkBudget < 0 { throw UsageError("--think-budget is \(thinkBudget), expected 0 or more") }
        request.thinkBudget = thinkBudget
        guard (0...20).contains(logprobs) else { throw UsageError("--logprobs is \(logprobs), expected 0 to 20") }
        request.logprobs = logprobs
    }

    /// The sampling choices; a seed is drawn when none was given.
    private func sampling() throws -> SamplingRequest {
        var sampling = SamplingRequest()
        sampling.maxTokens = maxTokens
        sampling.temperature = temperature
        sampling.topK = topK
        sampling.topP = topP
        sampling.minP = minP
        sampling.repetitionPenalty = repetitionPenalty
        sampling.seed = seed ?? UInt64.random(in: .min ... .max)
        try sampling.check()
        return sampling
    }

    static func thinkMode(_ text: String) throws -> ThinkMode {
        guard let mode = ThinkMode(rawValue: text) else {
            throw UsageError("think is \(text), expected auto, on or off")
        }
        return mode
    }
}
