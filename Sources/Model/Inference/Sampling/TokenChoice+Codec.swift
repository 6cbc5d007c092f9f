/// The choice as 32-bit words: fixed ones, then the lists of adjustments with their lengths.
extension TokenChoice {
    func encode(into words: inout [Int32]) {
        words.append(Int32(truncatingIfNeeded: seed))
        words.append(Int32(truncatingIfNeeded: seed >> 32))
        words.append(topK)
        words.append(logprobs)
        words.append(watched)
        words.append(isConstrained ? 1 : 0)
        words.append(Int32(bitPattern: temperature.bitPattern))
        words.append(Int32(bitPattern: topP.bitPattern))
        words.append(Int32(bitPattern: minP.bitPattern))
        words.append(adjustments.isEmpty ? 0 : 1)
        if !adjustments.isEmpty { adjustments.encode(into: &words) }
    }

    /// - Throws: where what is there would not fit the work areas of a rank.
    init(from reader: inout WordReader) throws(StepPlanError) {
        let low = UInt64(UInt32(bitPattern: try reader.next()))
        let high = UInt64(UInt32(bitPattern: try reader.next()))
        seed = low | high << 32
        topK = try reader.next()
        logprobs = try reader.next()
        watched = try reader.next()
        isConstrained = try reader.next() != 0
        temperature = try reader.float()
        topP = try reader.float()
        minP = try reader.float()
        guard topK >= 0, (0...Self.mostLogprobs).contains(logprobs) else {
            throw StepPlanError(description: "a step plan asks for top-k \(topK) and \(logprobs) log-probabilities")
        }
        if try reader.next() != 0 { adjustments = try LogitAdjustments(from: &reader) }
    }
}

extension LogitAdjustments {
    fileprivate func encode(into words: inout [Int32]) {
        for number in [repetitionPenalty, presencePenalty, frequencyPenalty] {
            words.append(Int32(bitPattern: number.bitPattern))
        }
        words.append(Int32(biases.count))
        for entry in biases {
            words.append(entry.token)
            words.append(Int32(bitPattern: entry.bias.bitPattern))
        }
        words.append(Int32(seen.count))
        words.append(contentsOf: seen)
        words.append(Int32(answer.count))
        for entry in answer {
            words.append(entry.token)
            words.append(entry.count)
        }
    }

    fileprivate init(from reader: inout WordReader) throws(StepPlanError) {
        repetitionPenalty = try reader.float()
        presencePenalty = try reader.float()
        frequencyPenalty = try reader.float()
        for _ in 0..<(try reader.count(of: 2)) {
            biases.append(Bias(token: try reader.next(), bias: try reader.float()))
        }
        seen = try reader.array(try reader.count(of: 1))
        for _ in 0..<(try reader.count(of: 2)) {
            answer.append(Count(token: try reader.next(), count: try reader.next()))
        }
    }
}
