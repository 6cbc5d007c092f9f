internal import JSON
internal import WireProtocol

/// Reads the messages of a conversation as OpenAI's clients write them.
///
/// A reader can only fail with a ``JSONFailure``; what is wrong in another way is kept in `problem`, which wins.
struct MessageReading {
    let rules: ChatRules
    /// Whether they are a response's input, in which messages are one kind of item.
    var isOfItems = false
    var system: [WirePart] = []
    private(set) var messages: [WireMessage] = []
    /// The largest number of tiles that a picture asked for.
    private(set) var maxTiles: Int?
    var problem: APIError?

    init(_ rules: ChatRules, maxTiles: Int? = nil) { (self.rules, self.maxTiles) = (rules, maxTiles) }

    /// The conversation: all that is said by the system in front, as one message.
    var conversation: [WireMessage] {
        system.isEmpty ? messages : [WireMessage(role: "system", parts: system.joiningTexts)] + messages
    }

    mutating func list(_ reader: inout JSONReader) throws(JSONFailure) {
        try reader.array { (reader, _) throws(JSONFailure) in try message(&reader) }
    }

    /// Fails with something else than a value of the wrong kind.
    mutating func refuse(_ reader: JSONReader, _ make: (_ param: String) -> APIError) -> JSONFailure {
        let failure = reader.failure("", "")
        problem = problem ?? make(failure.field)
        return failure
    }

    private mutating func message(_ reader: inout JSONReader) throws(JSONFailure) {
        var role: String?
        var parts: [WirePart]?
        var type: String?
        try reader.object { (reader, key) throws(JSONFailure) in
            switch key {
            case "type" where isOfItems: type = try reader.skipNull() ? nil : try reader.string()
            case "role": role = try self.role(&reader)
            case "content": parts = try reader.skipNull() ? nil : try content(&reader)
            case "tool_calls", "function_call": try refuseCalls(&reader, key)
            default: try reader.skip()
            }
        }
        // Earlier reasoning is not part of the prompt.
        if type == "reasoning" { return }
        if let type, type != "message" {
            throw refuse(reader) {
                .unsupported(
                    "\($0) is of type \"\(type.prefix(40))\", expected a message: nothing is kept here",
                    param: $0
                )
            }
        }
        guard let role else { throw reader.failure("\"role\" and \"content\"", "an object without \"role\"") }
        // Where a client repeats an answer that was cut off before its first word, there is no content.
        guard let parts = parts ?? (role == "assistant" ? [] : nil) else {
            throw reader.failure("\"role\" and \"content\"", "an object without \"content\"")
        }
        add(role, parts)
    }

    mutating func add(_ role: String, _ parts: [WirePart]) {
        guard role == "system" else {
            return messages.append(WireMessage(role: role, parts: parts.isEmpty ? [.text("")] : parts))
        }
        if !system.isEmpty { system.append(.text("\n\n")) }
        system += parts
    }

    mutating func role(_ reader: inout JSONReader) throws(JSONFailure) -> String {
        let role = try reader.string()
        switch role {
        case "system", "user", "assistant": return role
        case "developer": return "system"
        case "tool", "function":
            throw refuse(reader) { .unsupported("\($0) is \"\(role)\", and the model has no tools", param: $0) }
        default: throw reader.failure("system, developer, user or assistant", "\"\(role.prefix(40))\"")
        }
    }

    private mutating func refuseCalls(_ reader: inout JSONReader, _ key: String) throws(JSONFailure) {
        guard try !NeutralValues.isEmptyList(reader.value()) else { return }
        throw refuse(reader) { .unsupported("\($0) is there, and the model has no tools", param: $0) }
    }

    mutating func content(_ reader: inout JSONReader) throws(JSONFailure) -> [WirePart] {
        switch reader.kind() {
        case .array:
            var parts: [WirePart] = []
            try reader.array { (reader, _) throws(JSONFailure) in
                if let part = try part(&reader) { parts.append(part) }
            }
            return parts
        case .string, nil: return [.text(try reader.string())]
        case let other?: throw reader.failure("a text or an array of parts", other.rawValue)
        }
    }

    // MARK: - Parts

    /// The members of a part come in any order, and what a picture's text is only its type says.
    private mutating func part(_ reader: inout JSONReader) throws(JSONFailure) -> WirePart? {
        if reader.kind() == .string { return .text(try reader.string()) }
        var type: String?
        var text: String?
        var picture: ImageReference?
        var orient: Bool?
        try reader.object { (reader, key) throws(JSONFailure) in
            if try reader.skipNull() { return }
            switch key {
            case "type": type = try reader.string()
            case "text", "refusal": text = try reader.string()
            case "image_url": picture = try image(&reader, &orient)
            case "orient": orient = try reader.boolean()
            case "max_tiles", "max_dynamic_patch": try tiles(&reader)
            default: try reader.skip()
            }
        }
        switch type {
        case "text", "input_text", "output_text":
            guard let text else { throw reader.failure("a text part with \"text\"", "an object without it") }
            return .text(text)
        // What the model once said no to is not part of the prompt.
        case "refusal": return nil
        case "image_url", "input_image":
            guard let picture else { throw reader.failure("a picture with \"image_url\"", "an object without it") }
            return .image(picture, orient: orient)
        case let other?:
            throw refuse(reader) {
                .unsupported("\($0) is of type \"\(other.prefix(40))\", expected text or image_url", param: $0)
            }
        case nil: throw reader.failure("a part with a \"type\"", "an object without it")
        }
    }

    private mutating func image(
        _ reader: inout JSONReader,
        _ orient: inout Bool?
    ) throws(JSONFailure) -> ImageReference? {
        guard reader.kind() == .object else { return try url(&reader) }
        var picture: ImageReference?
        try reader.object { (reader, key) throws(JSONFailure) in
            if try reader.skipNull() { return }
            switch key {
            case "url": picture = try url(&reader)
            case "orient": orient = try reader.boolean()
            case "max_tiles", "max_dynamic_patch": try tiles(&reader)
            default: try reader.skip()
            }
        }
        return picture
    }

    mutating func tiles(_ reader: inout JSONReader) throws(JSONFailure) {
        let count = try reader.integer()
        guard (1...64).contains(count) else { throw reader.failure("1 to 64", "\(count)") }
        maxTiles = max(maxTiles ?? 1, count)
    }

    private mutating func url(_ reader: inout JSONReader) throws(JSONFailure) -> ImageReference {
        let rules = rules
        let found = try reader.string { (text) -> Result<ImageReference, ImageURL.Problem> in
            Result { () throws(ImageURL.Problem) in try ImageURL.reference(text, rules) }
        }
        switch found {
        case .success(let reference): return reference
        case .failure(let problem): throw refuse(reader) { APIError(problem, param: $0, rules) }
        }
    }
}

extension [WirePart] {
    /// Texts that stand beside each other as one.
    fileprivate var joiningTexts: [WirePart] {
        var parts: [WirePart] = []
        var text: String?
        func end() {
            if let text { parts.append(.text(text)) }
            text = nil
        }
        for part in self {
            if case .text(let more) = part {
                if text == nil { text = more } else { text?.append(more) }
            } else {
                end()
                parts.append(part)
            }
        }
        end()
        return parts
    }
}
