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

    /// Makes the choice what the words say, in the memory that its lists have.
    ///
    /// - Throws: where what is there would not fit the work areas of a rank.
    mutating func decode(_ reader: inout WordReader) throws(StepPlanError) {
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
        if try reader.next() != 0 { try adjustments.decode(&reader) } else { adjustments.clear() }
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

    fileprivate mutating func decode(_ reader: inout WordReader) throws(StepPlanError) {
        repetitionPenalty = try reader.float()
        presencePenalty = try reader.float()
        frequencyPenalty = try reader.float()
        biases.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: 2)) {
            biases.append(Bias(token: try reader.next(), bias: try reader.float()))
        }
        try reader.read(try reader.count(of: 1), into: &seen)
        answer.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: 2)) {
            answer.append(Count(token: try reader.next(), count: try reader.next()))
        }
    }

    /// Changes nothing any more, and keeps the memory that it has.
    fileprivate mutating func clear() {
        (repetitionPenalty, presencePenalty, frequencyPenalty) = (1, 0, 0)
        biases.removeAll(keepingCapacity: true)
        seen.removeAll(keepingCapacity: true)
        answer.removeAll(keepingCapacity: true)
    }
}
