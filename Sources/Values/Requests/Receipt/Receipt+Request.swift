internal import Constraints
package import Diagnostics
internal import JSON

extension Receipt {
    /// What was asked for besides the conversation, with everything that was left open decided.
    package struct Request: Codable, Sendable, Equatable {
        package var maxTokens: Int
        package var temperature: Float
        package var topK: Int
        package var topP: Float
        package var minP: Float
        package var repetitionPenalty: Float
        package var presencePenalty: Float
        package var frequencyPenalty: Float
        package var logitBias: [Sampling.Bias]
        package var seed: UInt64
        package var stop: [String]
        /// For people: what it does stands in the prompt.
        package var think: ThinkMode
        package var thinkBudget: Int?
        package var loopGuard: Bool
        /// As JSON in a text, since the order of a schema's members counts.
        package var format: String?

        private enum CodingKeys: String, CodingKey {
            case temperature, seed, stop, think, format
            case maxTokens = "max_tokens"
            case topK = "top_k"
            case topP = "top_p"
            case minP = "min_p"
            case repetitionPenalty = "repetition_penalty"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
            case logitBias = "logit_bias"
            case thinkBudget = "think_budget"
            case loopGuard = "loop_guard"
        }

        /// - Parameters:
        ///   - sampling: of the job, whose seed has been drawn and whose length has been cut.
        ///   - options: as they were asked for.
        package init(_ sampling: Sampling, _ options: RequestOptions) {
            (maxTokens, seed) = (sampling.maxTokens, sampling.seed)
            (temperature, topK, topP, minP) = (sampling.temperature, sampling.topK, sampling.topP, sampling.minP)
            repetitionPenalty = sampling.repetitionPenalty
            (presencePenalty, frequencyPenalty) = (sampling.presencePenalty, sampling.frequencyPenalty)
            logitBias = sampling.logitBias
            (stop, think) = (options.stop, options.think)
            (thinkBudget, loopGuard) = (options.thinkBudget, options.loopGuard)
            format = options.format?.json
        }

        /// The same as a request has it, checked.
        ///
        /// - Throws: what no request may ask for.
        package func options() throws(UsageError) -> RequestOptions {
            var options = RequestOptions()
            options.sampling.maxTokens = maxTokens
            options.sampling.temperature = temperature
            options.sampling.topK = topK
            options.sampling.topP = topP
            options.sampling.minP = minP
            options.sampling.repetitionPenalty = repetitionPenalty
            options.sampling.presencePenalty = presencePenalty
            options.sampling.frequencyPenalty = frequencyPenalty
            options.sampling.logitBias = logitBias
            options.seed = seed
            (options.stop, options.think) = (stop, think)
            (options.thinkBudget, options.loopGuard) = (thinkBudget, loopGuard)
            options.format = try answerFormat()
            options.stream = false
            let ids = logitBias.map(\.id)
            guard zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw UsageError("logit_bias has ids that do not rise, expected each once, by rising id")
            }
            try options.check()
            return options
        }

        private func answerFormat() throws(UsageError) -> AnswerFormat? {
            guard let format else { return nil }
            do throws(JSONFailure) {
                return try JSONReader.read(format) { (reader) throws(JSONFailure) in try AnswerFormat.read(&reader) }
            } catch {
                throw UsageError("format cannot be read: \(error)")
            }
        }
    }
}
