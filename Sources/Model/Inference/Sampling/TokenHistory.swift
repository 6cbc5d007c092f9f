internal import Requests

/// What is done to a sequence's logits because of its tokens so far: what followers of a plan need, kept as the tokens come.
struct TokenHistory {
    private(set) var adjustments = LogitAdjustments()
    /// By token: its place in the adjustments' lists.
    private var seen: Set<Int32> = []
    private var places: [Int32: Int] = [:]

    init(_ job: GenerateJob) {
        let sampling = job.sampling
        adjustments.repetitionPenalty = sampling.repetitionPenalty
        adjustments.presencePenalty = sampling.presencePenalty
        adjustments.frequencyPenalty = sampling.frequencyPenalty
        adjustments.biases = sampling.logitBias.map { LogitAdjustments.Bias(token: $0.id, bias: $0.bias) }
        reserve(job.promptIds.count, min(max(job.mostTokens, 0), Self.mostReserved))
        for token in job.promptIds { see(token) }
    }

    /// Tokens of the answer that there is memory for from the beginning at most.
    private static let mostReserved = 2048

    private mutating func reserve(_ prompt: Int, _ answer: Int) {
        if adjustments.lookAtAll {
            seen.reserveCapacity(prompt + answer)
            adjustments.seen.reserveCapacity(prompt + answer)
        }
        if adjustments.lookAtAnswer {
            places.reserveCapacity(answer)
            adjustments.answer.reserveCapacity(answer)
        }
    }

    /// Takes the next token of the answer.
    mutating func append(_ token: Int32) {
        see(token)
        guard adjustments.lookAtAnswer else { return }
        if let place = places[token] {
            adjustments.answer[place].count += 1
        } else {
            places[token] = adjustments.answer.count
            adjustments.answer.append(LogitAdjustments.Count(token: token, count: 1))
        }
    }

    private mutating func see(_ token: Int32) {
        if adjustments.lookAtAll, seen.insert(token).inserted { adjustments.seen.append(token) }
    }
}

extension TokenChoice {
    /// A request's sampling but for what depends on tokens.
    init(_ sampling: Sampling) {
        temperature = sampling.temperature
        seed = sampling.seed
        topK = Int32(clamping: sampling.topK)
        topP = sampling.topP
        minP = sampling.minP
    }
}
