import ArgumentParser
import Constraints
import Diagnostics
import Foundation
import Frontend
import Requests
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

    @Option(help: "Makes tokens that the answer has less likely, -2 to 2; 0 is off.")
    var presencePenalty: Float = 0

    @Option(help: "The same for each time that the answer has them.")
    var frequencyPenalty: Float = 0

    @Option(
        help: ArgumentHelp("Adds to a token's logit, -100 to 100; may be given several times.", valueName: "id:bias")
    )
    var logitBias: [String] = []

    @Option(help: "The same seed gives the same answer, for any number of ranks; by default a random one.")
    var seed: UInt64?

    @Option(parsing: .unconditionalSingleValue, help: "A text that ends the answer; may be given several times.")
    var stop: [String] = []

    @Option(help: "on asks for reasoning as published, off prevents it, auto leaves it to the prompt.")
    var think = "auto"

    @Option(help: "Tokens of reasoning at most; then its end is forced.")
    var thinkBudget: Int?

    @Option(
        help: ArgumentHelp("A JSON schema of which the answer is a value, behind any thinking.", valueName: "file")
    )
    var schema: String?

    @Option(help: "With --json: log-probabilities of each token and so many alternatives, up to 20.")
    var logprobs = 0

    @Option(help: "Tiles of a picture at most, the thumbnail not counted; by default the checkpoint's own.")
    var maxTiles: Int?

    @Flag(
        help: ArgumentHelp(
            "Have a receipt, by which flotilla verify confirms the answer anywhere.",
            discussion: "Without --json it is the last line."
        )
    )
    var receipt = false

    @OptionGroup var pictures: PictureCutOptions

    /// The choices, checked.
    func options() throws -> RequestOptions {
        var options = RequestOptions()
        options.sampling.maxTokens = maxTokens
        options.sampling.temperature = temperature
        options.sampling.topK = topK
        options.sampling.topP = topP
        options.sampling.minP = minP
        options.sampling.repetitionPenalty = repetitionPenalty
        options.sampling.presencePenalty = presencePenalty
        options.sampling.frequencyPenalty = frequencyPenalty
        options.sampling.logitBias = try Self.biases(logitBias)
        options.seed = seed
        options.stop = stop
        options.think = try Self.thinkMode(think)
        options.thinkBudget = thinkBudget
        options.format = try schema.map(Self.format)
        options.logprobs = logprobs
        options.maxTiles = maxTiles
        options.tiling = try pictures.tilingChoice()
        options.rgbFirst = pictures.rgbFirst
        options.orient = pictures.orient
        options.receipt = receipt
        try options.check()
        return options
    }

    private static func format(_ path: String) throws -> AnswerFormat {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw UsageError("--schema \(path) cannot be read as a text")
        }
        return .jsonSchema(text)
    }

    private static func biases(_ texts: [String]) throws -> [Sampling.Bias] {
        var table = BiasTable()
        for text in texts {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let bias = Float(parts[1]) else {
                throw UsageError("--logit-bias is \(text), expected ID:BIAS such as 1234:-5")
            }
            guard let token = BiasTable.token(String(parts[0])) else {
                throw UsageError("logit_bias has \"\(parts[0].prefix(40))\", expected token ids")
            }
            guard table.add(token, bias) else { throw UsageError("logit_bias has token \(token) twice") }
        }
        return table.entries
    }

    static func thinkMode(_ text: String) throws -> ThinkMode {
        guard let mode = ThinkMode(rawValue: text) else {
            throw UsageError("think is \(text), expected auto, on or off")
        }
        return mode
    }
}
