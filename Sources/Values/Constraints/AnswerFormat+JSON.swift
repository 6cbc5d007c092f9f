package import JSON

extension AnswerFormat {
    /// Reads `{"type":"json_schema","schema":{…}}` and the like, as PROTOCOL.md has `format`.
    ///
    /// What the type does not use is refused, as it would change the answer if it were understood.
    package static func read(_ reader: inout JSONReader) throws(JSONFailure) -> AnswerFormat {
        var type: String?
        var members: [String: String] = [:]
        try reader.object { (reader, key) throws(JSONFailure) in
            if key == "type" { type = try reader.string() } else { members[key] = try reader.valueText() }
        }
        return try format(type, members, reader, "a type of json_object, json_schema, regex or choice")
    }

    private static func format(
        _ type: String?,
        _ members: [String: String],
        _ reader: JSONReader,
        _ expected: String
    ) throws(JSONFailure) -> AnswerFormat {
        let wanted = ["json_schema": "schema", "regex": "pattern", "choice": "choices"]
        guard let type, type == "json_object" || wanted[type] != nil else {
            throw reader.failure(expected, type.map(short) ?? "none")
        }
        if let key = members.keys.sorted().first(where: { $0 != wanted[type] }) {
            throw reader.failure("nothing but what \(type) needs", short(key))
        }
        guard let member = wanted[type] else { return .jsonObject }
        guard let text = members[member] else { throw reader.failure("\(member) beside the type \(type)", "none") }
        switch member {
        case "schema": return .jsonSchema(text)
        case "pattern": return .regex(try JSONReader.read(text) { (part) throws(JSONFailure) in try part.string() })
        default: return .choice(try choices(text))
        }
    }

    /// Reads OpenAI's `response_format`, or `text.format` of a response; `nil` where it asks for no form.
    ///
    /// A schema stands in `json_schema`, or beside the type; the line's other types are taken too. `strict` and a
    /// schema's `name` and `description` say nothing about the answer: every schema is kept to. `null` is as good as
    /// absent.
    package static func read(responseFormat reader: inout JSONReader) throws(JSONFailure) -> AnswerFormat? {
        var type: String?
        var members: [String: String] = [:]
        try reader.object { (reader, key) throws(JSONFailure) in
            if try reader.skipNull() { return }
            switch key {
            case "type": type = try reader.string()
            case "json_schema":
                try reader.object { (reader, key) throws(JSONFailure) in try member(key, &reader, &members) }
            default: try member(key, &reader, &members)
            }
        }
        if type == "text" || type == nil && members.isEmpty { return nil }
        // As llama.cpp has it.
        if type == "json_object", members["schema"] != nil { type = "json_schema" }
        return try format(type, members, reader, "a type of text, json_object, json_schema, regex or choice")
    }

    private static func member(
        _ key: String,
        _ reader: inout JSONReader,
        _ members: inout [String: String]
    ) throws(JSONFailure) {
        if ["name", "description", "strict"].contains(key) { return try reader.skip() }
        if try !reader.skipNull() { members[key] = try reader.valueText() }
    }

    /// The same as one line of JSON; a schema keeps the order of its members.
    package var json: String {
        switch self {
        case .jsonObject: return #"{"type":"json_object"}"#
        case .jsonSchema(let text): return #"{"type":"json_schema","schema":\#(Self.oneLine(text))}"#
        case .regex(let pattern): return #"{"type":"regex","pattern":\#(Self.quoted(pattern))}"#
        case .choice(let choices):
            return #"{"type":"choice","choices":[\#(choices.map(Self.quoted).joined(separator: ","))]}"#
        }
    }

    /// JSON without line ends, which stand between values only: inside of texts they are escaped.
    package static func oneLine(_ json: String) -> String {
        String(decoding: json.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
    }

    private static func quoted(_ text: String) -> String { String(decoding: SchemaText.quoted(text), as: UTF8.self) }

    private static func choices(_ text: String) throws(JSONFailure) -> [String] {
        var choices: [String] = []
        try JSONReader.read(text) { (part) throws(JSONFailure) in
            try part.array { (part, _) throws(JSONFailure) in choices.append(try part.string()) }
        }
        return choices
    }

    private static func short(_ text: String) -> String { "\"\(text.prefix(40))\"" }
}
