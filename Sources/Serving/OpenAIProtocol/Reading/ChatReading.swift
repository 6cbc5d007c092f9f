internal import Constraints
internal import Diagnostics
internal import JSON
internal import Requests
internal import WireProtocol

/// The members of a request for answers, in whatever order they come.
struct ChatReading {
    let rules: ChatRules
    var messages: MessageReading
    var hasMessages = false
    var options = RequestOptions()
    var request: ChatRequest
    var thinking = ThinkingWishes()
    private var model: String?
    var maxTokens: (completion: Int?, any: Int?) = (nil, nil)
    /// Whether reasoning is wanted at all, and where.
    private var isReasoningWanted = true
    private var style: ChatRequest.Reasoning?
    var wantsLogprobs = false
    var topLogprobs: Int?
    private var hasStreamOptions = false
    /// What the member is called that the format came in, for errors.
    var formatName = "response_format"
    private var tools: [String] = []
    private var isToolless = false
    var problem: APIError?
    let endpoint: Endpoint

    /// - Parameter endpoint: whose members are read, a chat's or a response's.
    init(_ rules: ChatRules, _ endpoint: Endpoint = .chat) {
        self.rules = rules
        self.endpoint = endpoint
        messages = MessageReading(rules)
        request = ChatRequest(GenerateBody(messages: []))
    }

    mutating func read(_ json: [UInt8]) throws(APIError) {
        do throws(JSONFailure) {
            try JSONReader.read(json) { (reader) throws(JSONFailure) in
                try reader.object { (reader, key) throws(JSONFailure) in
                    if try reader.skipNull() { return }
                    if try !member(key, &reader) { try ignore(key, &reader) }
                }
            }
        } catch {
            throw messages.problem ?? problem ?? APIError(error, in: json)
        }
    }

    mutating func ignore(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) {
        if request.ignored.count < 64 { request.ignored.append(key) }
        try reader.skip()
    }

    /// Reads the value of a member that is not `null`; says whether it is known.
    private mutating func member(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        if endpoint == .responses { return try responsesMember(key, &reader) }
        switch key {
        case "messages":
            hasMessages = true
            messages = MessageReading(rules, maxTiles: messages.maxTiles)
            try messages.list(&reader)
        case "max_tokens": maxTokens.any = try reader.integer()
        case "max_completion_tokens": maxTokens.completion = try reader.integer()
        case "n": request.count = try reader.integer()
        case "logprobs": wantsLogprobs = try reader.boolean()
        default: return try commonMember(key, &reader)
        }
        return true
    }

    /// Members that chats and responses have.
    mutating func commonMember(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        switch key {
        case "model": model = try reader.string()
        case "top_k":
            let count = try reader.integer()
            options.sampling.topK = count == -1 ? 0 : count
        case "seed": options.seed = try seed(&reader)
        case "top_logprobs": topLogprobs = try reader.integer()
        case "stream": request.wantsStream = try reader.boolean()
        case "stream_options":
            hasStreamOptions = true
            try nested("stream_options", &reader) { (reading, reader, key) throws(JSONFailure) in
                guard key == "include_usage" else { return false }
                reading.request.includesUsage = try reader.boolean()
                return true
            }
        case "response_format": options.format = try AnswerFormat.read(responseFormat: &reader)
        case "return_progress": request.tellsProgress = try reader.boolean()
        case "max_tiles", "max_dynamic_patch": try messages.tiles(&reader)
        case "deadline_ms", "loop_guard": _ = try options.read(key, &reader)
        default:
            if Self.passedOn.contains(key) { return try options.read(key, &reader) }
            if try thinkingMember(key, &reader) { return true }
            return try unsupported(key, &reader)
        }
        return true
    }

    /// Members that mean what they mean on the line, where the line knows them.
    private static let passedOn: Set = [
        "temperature", "top_p", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias",
        "stop", "orient", "tiling", "rgb_first", "speculate", "receipt",
    ]

    /// Reads an object in an object; members that are not known are ignored under its name.
    mutating func nested(
        _ name: String,
        _ reader: inout JSONReader,
        _ member: (inout ChatReading, inout JSONReader, _ key: String) throws(JSONFailure) -> Bool
    ) throws(JSONFailure) {
        try reader.object { (reader, key) throws(JSONFailure) in
            if try reader.skipNull() { return }
            if try !member(&self, &reader, key) { try ignore("\(name).\(key)", &reader) }
        }
    }

    private func seed(_ reader: inout JSONReader) throws(JSONFailure) -> UInt64? {
        var trial = reader
        do throws(JSONFailure) {
            let seed = try trial.unsigned()
            reader = trial
            return seed
        } catch {
            let number = try reader.integer()
            guard number == -1 else { throw reader.failure("0 or more, or -1 for one that is drawn", "\(number)") }
            return nil
        }
    }

    private mutating func thinkingMember(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        switch key {
        case "reasoning_effort": thinking.effort = try ThinkingWishes.effort(&reader)
        case "reasoning":
            try nested(key, &reader) { (reading, reader, key) throws(JSONFailure) in
                switch key {
                case "effort": reading.thinking.effort = try ThinkingWishes.effort(&reader)
                case "max_tokens": reading.thinking.maxTokens = try reader.integer()
                case "exclude": reading.isReasoningWanted = try !reader.boolean()
                default: return false
                }
                return true
            }
        case "chat_template_kwargs":
            try nested(key, &reader) { (reading, reader, key) throws(JSONFailure) in
                guard key == "enable_thinking" else { return false }
                reading.thinking.isEnabled = try reader.boolean()
                return true
            }
        case "enable_thinking": thinking.isEnabled = try reader.boolean()
        case "think": thinking.mode = try ThinkingWishes.mode(&reader)
        case "think_budget", "thinking_token_budget": thinking.budget = try reader.integer()
        case "include_reasoning": isReasoningWanted = try reader.boolean()
        case "reasoning_format": style = try Self.style(&reader)
        case "separate_reasoning": style = try reader.boolean() ? .apart : .inline
        default: return false
        }
        return true
    }

    private static func style(_ reader: inout JSONReader) throws(JSONFailure) -> ChatRequest.Reasoning {
        let text = try reader.string()
        switch text {
        case "hidden": return .hidden
        case "inline", "none", "raw": return .inline
        case "parsed", "auto", "deepseek", "deepseek-legacy", "": return .apart
        default: throw reader.failure("parsed, hidden or inline", "\"\(text.prefix(40))\"")
        }
    }

    private mutating func unsupported(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        switch key {
        case "tools", "functions": if try !NeutralValues.isEmptyList(reader.value()) { tools.append(key) }
        case "tool_choice", "function_call": if try reader.value() == .string("none") { isToolless = true }
        default:
            guard NeutralValues.covers(key) else { return false }
            guard try !NeutralValues.isNeutral(key, reader.value()) else { break }
            throw refuse(reader, key, "and this server cannot do it")
        }
        return true
    }

    // MARK: - All together

    mutating func finish() throws(APIError) -> ChatRequest {
        if !isToolless, let tool = tools.first {
            throw .unsupported("\(tool) holds tools, and the model has none; tool_choice none is taken", param: tool)
        }
        try rules.models.check(model)
        let name = endpoint == .responses ? "input" : "messages"
        guard hasMessages else { throw .invalid("\(name) is missing", param: name) }
        placeInstructions()
        let conversation = messages.conversation
        guard !conversation.isEmpty else {
            throw .invalid("\(name) is empty, expected at least one message", param: name)
        }
        try finishOptions()
        request.effort = thinking.effort
        request.generate.messages = conversation
        request.generate.options = options
        return request
    }

    private mutating func finishOptions() throws(APIError) {
        if let limit = maxTokens.completion ?? maxTokens.any {
            options.sampling.maxTokens = limit
        } else {
            // The desk cuts it to what there is room for.
            options.sampling.maxTokens = rules.maxAnswer ?? 1_000_000
        }
        options.maxTiles = messages.maxTiles
        thinking.apply(to: &options, otherwise: rules.think)
        request.reasoning = isReasoningWanted ? style ?? .apart : .hidden
        if hasStreamOptions, !request.wantsStream, endpoint == .chat {
            throw .invalid("stream_options is there without stream", param: "stream_options")
        }
        try finishLogprobs()
        // Log-probabilities come with the pieces, which tell reasoning from answer.
        options.stream = request.wantsStream || options.logprobs > 0
        try check()
    }

    private mutating func finishLogprobs() throws(APIError) {
        if endpoint == .responses, !wantsLogprobs { topLogprobs = nil }
        if let topLogprobs {
            guard wantsLogprobs else { throw .invalid("top_logprobs needs logprobs to be true", param: "top_logprobs") }
            guard (0...20).contains(topLogprobs) else {
                throw .invalid("top_logprobs is \(topLogprobs), expected 0 to 20", param: "top_logprobs")
            }
        }
        guard wantsLogprobs else { return }
        request.topLogprobs = topLogprobs ?? 0
        options.logprobs = max(1, topLogprobs ?? 0)
    }

    /// What the member is called that bounds the answer, for errors.
    private var limitName: String {
        guard maxTokens.completion != nil else { return "max_tokens" }
        return endpoint == .responses ? "max_output_tokens" : "max_completion_tokens"
    }

    private func check() throws(APIError) {
        guard (1...8).contains(request.count) else {
            throw .invalid("n is \(request.count), expected 1 to 8", param: "n")
        }
        do throws(UsageError) {
            try options.checkRanges()
        } catch {
            let name = String(error.description.prefix { $0.isLetter || $0 == "_" })
            let param = name == "max_tokens" ? limitName : name
            throw .invalid(param + error.description.dropFirst(name.count), param: param)
        }
        do throws(FormatRefusal) {
            try options.format?.check()
        } catch {
            throw .unsupported("\(formatName): \(error)", param: formatName)
        }
        if request.count > 1, options.sampling.temperature == 0 {
            throw .invalid("n is \(request.count) and temperature 0, so that all answers would be the same", param: "n")
        }
    }
}
