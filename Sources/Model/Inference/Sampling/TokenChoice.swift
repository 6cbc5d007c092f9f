/// How a sequence's next token is chosen, as far as ranks must know: part of a step's plan.
///
/// The order is vLLM's: `logit_bias`, repetition penalty, frequency and presence penalty, temperature, and then Hugging
/// Face's filters, top-k, top-p, min-p. Greedy choices and log-probabilities of alternatives know no filters;
/// log-probabilities are of the logits as the model gave them.
package struct TokenChoice: Equatable, Sendable {
    /// 0 is greedy.
    package var temperature: Float = 0
    package var seed: UInt64 = 0
    /// 0 is off.
    package var topK: Int32 = 0
    /// 1 is off.
    package var topP: Float = 1
    /// 0 is off.
    package var minP: Float = 0
    package var adjustments = LogitAdjustments()
    /// Alternatives whose log-probabilities are wanted, and that of the choice; 0 is none.
    package var logprobs: Int32 = 0
    /// A token that may be taken in place of the choice, so that its logit is wanted for log-probabilities; −1 is none.
    package var watched: Int32 = -1
    /// Whether a format may refuse the choice; then its mask is fetched, and the choice made again.
    package var isConstrained = false

    package init() {}

    /// What a rank looks for in its part of a row.
    enum Kind: Equatable {
        /// The arg-max.
        case greedy
        /// The best of logit / temperature + noise.
        case draw
        /// So many of the likeliest tokens, of which the leader draws.
        case filtered(Int)
    }

    /// Candidates that a rank sends of a row at most.
    static let mostCandidates = 256
    /// Alternatives that log-probabilities have at most.
    static let mostLogprobs: Int32 = 20

    var kind: Kind {
        if temperature == 0 { return .greedy }
        if topK == 0 && topP >= 1 && minP <= 0 { return .draw }
        return .filtered(topK > 0 ? min(Int(topK), Self.mostCandidates) : Self.mostCandidates)
    }

    /// Candidates that each rank sends.
    var candidates: Int { if case .filtered(let count) = kind { count } else { 0 } }

    /// Whether top-p asks what all tokens together weigh.
    var needsTotal: Bool { candidates > 0 && topK == 0 && topP < 1 }

    /// Whether the ranks' candidates may turn out to be too few.
    var maybeNeedsAll: Bool { candidates > 0 && (topK == 0 || topK > Self.mostCandidates) }
}

/// What is done to logits before a token is chosen, token by token.
package struct LogitAdjustments: Equatable, Sendable {
    /// A token of the answer, and how often it has come.
    package struct Count: Equatable, Sendable {
        package var token: Int32
        package var count: Int32

        package init(token: Int32, count: Int32) { (self.token, self.count) = (token, count) }
    }

    /// A number that is added to a token's logit.
    package struct Bias: Equatable, Sendable {
        package var token: Int32
        package var bias: Float

        package init(token: Int32, bias: Float) { (self.token, self.bias) = (token, bias) }
    }

    package var repetitionPenalty: Float = 1
    package var presencePenalty: Float = 0
    package var frequencyPenalty: Float = 0
    package var biases: [Bias] = []
    /// The tokens of prompt and answer, each once, where there is a repetition penalty.
    package var seen: [Int32] = []
    /// Those of the answer, where there is one of the others.
    package var answer: [Count] = []

    package init() {}

    /// Whether a token's having come changes its logit: one of prompt or answer, or one of the answer.
    var lookAtAll: Bool { repetitionPenalty != 1 }
    var lookAtAnswer: Bool { presencePenalty != 0 || frequencyPenalty != 0 }

    /// The next token of the answer, where few are added: the lists are searched.
    mutating func append(_ token: Int32) {
        if lookAtAll, !seen.contains(token) { seen.append(token) }
        guard lookAtAnswer else { return }
        if let place = answer.firstIndex(where: { $0.token == token }) {
            answer[place].count += 1
        } else {
            answer.append(Count(token: token, count: 1))
        }
    }

    package var isEmpty: Bool { biases.isEmpty && seen.isEmpty && answer.isEmpty }

    /// Calls `body` with each token of a part of the vocabulary that is changed, some more than once.
    func forEachToken(in tokens: Range<Int>, _ body: (Int32) -> Void) {
        for entry in biases where tokens.contains(Int(entry.token)) { body(entry.token) }
        for token in seen where tokens.contains(Int(token)) { body(token) }
        for entry in answer where tokens.contains(Int(entry.token)) { body(entry.token) }
    }

    /// Changes the logits of a part of the vocabulary.
    ///
    /// A token's own steps come in one order: + bias; the repetition penalty divides what is positive and multiplies
    /// the rest; − frequency penalty × count, − presence penalty. What is finite stays finite.
    ///
    /// - Parameter logits: of `tokens`.
    func apply(to logits: UnsafeMutablePointer<Float>, of tokens: Range<Int>) {
        func change(_ token: Int32, _ value: (Float) -> Float) {
            guard tokens.contains(Int(token)) else { return }
            let place = Int(token) - tokens.lowerBound
            let most: Float = logits[place].isFinite ? .greatestFiniteMagnitude : .infinity
            logits[place] = max(-most, min(most, value(logits[place])))
        }
        for entry in biases { change(entry.token) { $0 + entry.bias } }
        for token in seen { change(token) { $0 > 0 ? $0 / repetitionPenalty : $0 * repetitionPenalty } }
        for entry in answer {
            change(entry.token) { ($0 - frequencyPenalty * Float(entry.count)) - presencePenalty }
        }
    }
}
