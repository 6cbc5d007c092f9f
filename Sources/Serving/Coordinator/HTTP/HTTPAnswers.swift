internal import Checkpoints
internal import Digests
internal import Foundation
internal import OpenAIProtocol
internal import RankProgram
internal import Requests
internal import Tokenization

/// What is the same for all answers over HTTP.
struct HTTPAnswers: Sendable {
    let models: ModelNames
    let rules: ChatRules
    /// Same fingerprint, same body, same seed: same bytes.
    let fingerprint: String
    /// Seconds since 1970, of the server's start.
    let created = Int(Date().timeIntervalSince1970)
    let contextTokens: Int
    private let tokenizer: Tokenizer

    init(_ options: CoordinatorOptions, _ checkpoint: Checkpoint, _ tokenizer: Tokenizer, contextTokens: Int) {
        (self.tokenizer, self.contextTokens) = (tokenizer, contextTokens)
        models = ModelNames(id: checkpoint.config.modelName, aliases: options.api.aliases)
        rules = ChatRules(
            models: models,
            think: options.api.think,
            maxAnswer: options.api.maxAnswer,
            allowsPaths: options.imageDirectory != nil,
            maxPicture: options.limits.blobBytes
        )
        let ranks = options.rankOptions
        var formats = "\(ranks.format?.rawValue ?? "native") \(ranks.cacheElement)"
        // Sums that are rounded on their way are the one thing else that changes bits.
        if let wire = ranks.roundingWire { formats += " \(wire)" }
        let what = "\(checkpoint.fingerprint) \(formats) \(options.version)"
        fingerprint = "fp_\(SHA256.hex(Array(what.utf8)).prefix(16))"
    }

    /// - Parameter prefix: which kind of answer an id is of: `chatcmpl-`.
    func frame(_ prefix: String) -> AnswerFrame {
        AnswerFrame(
            id: Self.name(prefix),
            created: Int(Date().timeIntervalSince1970),
            model: models.id,
            fingerprint: fingerprint,
            contextTokens: contextTokens,
            tokenBytes: { [tokenizer] in tokenizer.bytes(of: $0) }
        )
    }

    /// A name that nobody else has.
    static func name(_ prefix: String) -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return prefix + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
