internal import Constraints
package import JSON

extension RequestOptions {
    /// Reads the value of the member `key` if it is an option's, by its name on the wire; says whether it was.
    ///
    /// The one reader of options, for clients' lines and batch files alike. `null` is as good as absent. Ranges are not
    /// looked at here, but by `check`.
    package mutating func read(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        if Self.names.contains(key), try reader.skipNull() { return true }
        switch key {
        case "seed": seed = try reader.unsigned()
        case "stop": stop = try Self.texts(&reader)
        case "think": think = try Self.thinkMode(&reader)
        case "think_budget": thinkBudget = try reader.integer()
        case "format": format = try AnswerFormat.read(&reader)
        case "loop_guard": loopGuard = try reader.boolean()
        case "logprobs": logprobs = try reader.integer()
        case "max_tiles": maxTiles = try reader.integer()
        case "tiling": tiling = try Self.tiling(&reader)
        case "rgb_first": rgbFirst = try reader.boolean()
        case "orient": orient = try reader.boolean()
        case "stream": stream = try reader.boolean()
        case "deadline_ms": deadlineMilliseconds = try reader.integer()
        case "speculate": speculate = try reader.boolean()
        case "receipt": receipt = try reader.boolean()
        default: return try sampling.read(key, &reader)
        }
        return true
    }

    private static let names: Set = [
        "seed", "stop", "format", "think", "think_budget", "loop_guard", "logprobs", "max_tiles", "tiling",
        "rgb_first", "orient", "stream", "deadline_ms", "speculate", "receipt", "max_tokens", "temperature", "top_k",
        "top_p",
        "min_p",
        "repetition_penalty", "presence_penalty",
        "frequency_penalty", "logit_bias",
    ]

    private static func texts(_ reader: inout JSONReader) throws(JSONFailure) -> [String] {
        switch reader.kind() {
        case .string: return [try reader.string()]
        case .array:
            var texts: [String] = []
            try reader.array { (reader, _) throws(JSONFailure) in texts.append(try reader.string()) }
            return texts
        case let other?: throw reader.failure("a text or an array of texts", other.rawValue)
        case nil: return [try reader.string()]
        }
    }

    private static func thinkMode(_ reader: inout JSONReader) throws(JSONFailure) -> ThinkMode {
        let text = try reader.string()
        if let mode = ThinkMode(rawValue: text) { return mode }
        throw reader.failure("auto, on or off", "\"\(text.prefix(40))\"")
    }

    private static func tiling(_ reader: inout JSONReader) throws(JSONFailure) -> PictureCut.Tiling {
        let text = try reader.string()
        if let tiling = PictureCut.Tiling(rawValue: text) { return tiling }
        throw reader.failure("default or msac", "\"\(text.prefix(40))\"")
    }
}

extension Sampling {
    /// Reads the value of the member `key` if it is one of these; says whether it was.
    fileprivate mutating func read(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        switch key {
        case "max_tokens": maxTokens = try reader.integer()
        case "temperature": temperature = try reader.float()
        case "top_k": topK = try reader.integer()
        case "top_p": topP = try reader.float()
        case "min_p": minP = try reader.float()
        case "repetition_penalty": repetitionPenalty = try reader.float()
        case "presence_penalty": presencePenalty = try reader.float()
        case "frequency_penalty": frequencyPenalty = try reader.float()
        case "logit_bias": logitBias = try Self.biases(&reader)
        default: return false
        }
        return true
    }

    /// An object from token ids, written as texts, to numbers: `{"1639": -100}`.
    private static func biases(_ reader: inout JSONReader) throws(JSONFailure) -> [Bias] {
        var table = BiasTable()
        try reader.object { (reader, key) throws(JSONFailure) in
            guard let token = BiasTable.token(key) else {
                throw reader.failure("a token's id as the key", "\"\(key.prefix(40))\"")
            }
            guard table.add(token, try reader.float()) else { throw reader.failure("each token once", "it again") }
        }
        return table.entries
    }
}
