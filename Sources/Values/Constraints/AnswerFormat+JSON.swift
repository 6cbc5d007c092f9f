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
        let wanted = ["json_schema": "schema", "regex": "pattern", "choice": "choices"]
        guard let type, type == "json_object" || wanted[type] != nil else {
            throw reader.failure("a type of json_object, json_schema, regex or choice", type.map(short) ?? "none")
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

    /// Reads OpenAI's `response_format`; `nil` where it asks for no form.
    ///
    /// `strict` and a schema's `name` and `description` say nothing about the answer: every schema is kept to.
    package static func read(responseFormat reader: inout JSONReader) throws(JSONFailure) -> AnswerFormat? {
        var type = ""
        var schema: String?
        try reader.object { (reader, key) throws(JSONFailure) in
            switch key {
            case "type": type = try reader.string()
            case "json_schema":
                try reader.object { (reader, key) throws(JSONFailure) in
                    if key == "schema" { schema = try reader.valueText() } else { try reader.skip() }
                }
            default: try reader.skip()
            }
        }
        switch (type, schema) {
        case ("text", _): return nil
        case ("json_object", _): return .jsonObject
        case ("json_schema", let schema?): return .jsonSchema(schema)
        case ("json_schema", nil): throw reader.failure("json_schema.schema", "none")
        default: throw reader.failure("a type of text, json_object or json_schema", short(type))
        }
    }

    /// The same as one line of JSON; a schema keeps the order of its members.
    package var json: String {
        switch self {
        case .jsonObject: return #"{"type":"json_object"}"#
        case .jsonSchema(let text):
            // Line ends stand between values only: inside of texts they are escaped.
            let line = String(text.map { $0.isNewline ? " " : $0 })
            return #"{"type":"json_schema","schema":\#(line)}"#
        case .regex(let pattern): return #"{"type":"regex","pattern":\#(Self.quoted(pattern))}"#
        case .choice(let choices):
            return #"{"type":"choice","choices":[\#(choices.map(Self.quoted).joined(separator: ","))]}"#
        }
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
