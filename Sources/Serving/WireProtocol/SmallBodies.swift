internal import JSON
package import Requests

/// The body of HELLO.
package struct HelloBody: Encodable, Sendable, Equatable {
    package var token: String

    package init(token: String) { self.token = token }

    package init(json: String) throws(RequestError) {
        var token: String?
        try BodyReading.object(json) { (reader, key) throws(JSONFailure) in
            guard key == "token", try !reader.skipNull() else { return false }
            token = try reader.string()
            return true
        }
        self.token = try present(token, "token")
    }

    /// One line of JSON.
    package var json: String { JSONLine.encode(self) }
}

/// The body of TOKENIZE.
package struct TokenizeBody: Sendable, Equatable {
    package var text: String
    /// Whether control tokens in the text are control tokens.
    package var special = false

    package init(json: String) throws(RequestError) {
        var text: String?
        var special = false
        try BodyReading.object(json) { (reader, key) throws(JSONFailure) in
            switch key {
            case "text": text = try reader.skipNull() ? nil : try reader.string()
            case "special": special = try reader.skipNull() ? false : try reader.boolean()
            default: return false
            }
            return true
        }
        self.text = try present(text, "text")
        self.special = special
    }
}

/// The body of DETOKENIZE.
package struct DetokenizeBody: Sendable, Equatable {
    package var ids: [Int32]

    package init(json: String) throws(RequestError) {
        var ids: [Int32]?
        try BodyReading.object(json) { (reader, key) throws(JSONFailure) in
            guard key == "ids" else { return false }
            ids = try reader.skipNull() ? nil : try Self.ids(&reader)
            return true
        }
        self.ids = try present(ids, "ids")
    }

    private static func ids(_ reader: inout JSONReader) throws(JSONFailure) -> [Int32] {
        var ids: [Int32] = []
        try reader.array { (reader, _) throws(JSONFailure) in
            let number = try reader.integer()
            guard let id = Int32(exactly: number) else { throw reader.failure("a token's id", "\(number)") }
            ids.append(id)
        }
        return ids
    }
}

/// The body of DRAIN.
package struct DrainBody: Sendable, Equatable {
    /// When what still runs is ended with what there is of it.
    package var deadlineMilliseconds: Int?

    package init(json: String) throws(RequestError) {
        var limit: Int?
        try BodyReading.object(json) { (reader, key) throws(JSONFailure) in
            guard key == "deadline_ms" else { return false }
            limit = try reader.skipNull() ? nil : try reader.integer()
            return true
        }
        if let limit, !(0...1_000_000_000).contains(limit) {
            throw RequestError(.badArgument, "deadline_ms is \(limit), expected 0 to 1000000000")
        }
        deadlineMilliseconds = limit
    }
}

/// A member that must be there.
private func present<Value>(_ value: Value?, _ name: String) throws(RequestError) -> Value {
    if let value { return value }
    throw RequestError(.badArgument, "\(name) is missing")
}
