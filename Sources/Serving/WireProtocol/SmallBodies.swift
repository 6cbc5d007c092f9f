package import Requests

/// The body of HELLO.
package struct HelloBody: Codable, Sendable, Equatable {
    package var token: String

    package init(token: String) { self.token = token }
    package init(json: String) throws(RequestError) { self = try BodyDecoding.decode(HelloBody.self, json) }

    /// One line of JSON.
    package var json: String { JSONLine.encode(self) }
}

/// The body of TOKENIZE.
package struct TokenizeBody: Codable, Sendable, Equatable {
    package var text: String
    /// Whether control tokens in the text are control tokens.
    package var special: Bool

    package init(json: String) throws(RequestError) { self = try BodyDecoding.decode(TokenizeBody.self, json) }

    private enum CodingKeys: String, CodingKey {
        case text, special
    }

    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        text = try c.decode(String.self, forKey: .text)
        special = try c.decodeIfPresent(Bool.self, forKey: .special) ?? false
    }
}

/// The body of DETOKENIZE.
package struct DetokenizeBody: Codable, Sendable, Equatable {
    package var ids: [Int32]

    private enum CodingKeys: String, CodingKey {
        case ids
    }

    package init(json: String) throws(RequestError) { self = try BodyDecoding.decode(DetokenizeBody.self, json) }

    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        guard let ids = try BodyDecoding.member([Int32].self, .ids, in: c) else {
            throw RequestError(.badArgument, "ids is missing")
        }
        self.ids = ids
    }
}

/// The body of DRAIN.
package struct DrainBody: Codable, Sendable, Equatable {
    /// When what still runs is ended with what there is of it.
    package var deadlineMilliseconds: Int?

    private enum CodingKeys: String, CodingKey {
        case deadlineMilliseconds = "deadline_ms"
    }

    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        deadlineMilliseconds = try BodyDecoding.member(Int.self, .deadlineMilliseconds, in: c)
    }

    package init(json: String) throws(RequestError) {
        self = try BodyDecoding.decode(DrainBody.self, json)
        if let limit = deadlineMilliseconds, !(0...1_000_000_000).contains(limit) {
            throw RequestError(.badArgument, "deadline_ms is \(limit), expected 0 to 1000000000")
        }
    }
}
