package import Requests

/// What a client can ask for.
package enum Verb: String, Sendable, CaseIterable {
    case hello = "HELLO"
    case generate = "GENERATE"
    case blob = "BLOB"
    case cancel = "CANCEL"
    case count = "COUNT"
    case tokenize = "TOKENIZE"
    case detokenize = "DETOKENIZE"
    case info = "INFO"
    case stats = "STATS"
    case health = "HEALTH"
    case metrics = "METRICS"
    case ping = "PING"
    case drain = "DRAIN"
    case shutdown = "SHUTDOWN"

    /// Whether a request of this kind must have a name.
    var needsId: Bool {
        switch self {
        case .generate, .blob, .cancel, .count, .tokenize, .detokenize: true
        default: false
        }
    }

    /// Whether a JSON object must stand behind the name; where it need not, one without known members is no mistake.
    var needsBody: Bool {
        switch self {
        case .generate, .count, .tokenize, .detokenize: true
        default: false
        }
    }
}

/// What is wrong with a line, and whose it is as far as that could be read.
package struct LineFailure: Error, Equatable {
    package let id: RequestId?
    package let error: RequestError

    package init(id: RequestId?, error: RequestError) {
        self.id = id
        self.error = error
    }
}

/// A line of a client: `VERB [id] [JSON object]`, the object not yet read.
package struct ClientLine: Sendable, Equatable {
    package let verb: Verb
    package let id: RequestId?
    package let json: String?

    /// Reads a line without its end.
    ///
    /// - Throws: `BAD_LINE` or `UNKNOWN_VERB`, with the name if it could be read.
    package init(parsing line: String) throws(LineFailure) {
        var rest = Substring(line)
        let word = Self.word(&rest)
        let name: Substring? = rest.isEmpty || rest.hasPrefix("{") ? nil : Self.word(&rest)
        let id = name.flatMap { RequestId($0) }
        // No verb is as long as that, and a word without blanks may be the whole of a line.
        guard word.utf8.count <= 16, let verb = Verb(rawValue: word.uppercased()) else {
            let shown = word.utf8.count <= 40 ? "\"\(word)\"" : "of \(word.utf8.count) bytes"
            throw LineFailure(id: id, error: RequestError(.unknownVerb, "the verb \(shown) is not known"))
        }
        func fail(_ what: String) -> LineFailure { LineFailure(id: id, error: RequestError(.badLine, what)) }
        if name != nil, id == nil {
            throw fail(
                "the id behind \(verb.rawValue) is not 1 to 64 of letters, digits, \"_\", \".\", \":\" and \"-\""
            )
        }
        if verb.needsId, id == nil { throw fail("\(verb.rawValue) needs an id: \(verb.rawValue) r1 …") }
        guard rest.isEmpty || rest.hasPrefix("{") else {
            let what = "expected a JSON object behind \(verb.rawValue), and one space between words"
            // What stands where a body belongs is a body gone wrong, and not a line gone wrong.
            guard verb.needsBody, !rest.hasPrefix(" ") else { throw fail(what) }
            throw LineFailure(id: id, error: RequestError(.badJSON, what))
        }
        if verb.needsBody, rest.isEmpty { throw fail("\(verb.rawValue) needs a JSON object") }
        self.verb = verb
        self.id = id
        json = rest.isEmpty ? nil : String(rest)
    }

    /// Takes the first word, and the one space behind it.
    private static func word(_ rest: inout Substring) -> Substring {
        let end = rest.firstIndex(of: " ") ?? rest.endIndex
        defer { rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[end...] }
        return rest[..<end]
    }
}

/// The line ahead of a blob: `BLOB r1 0 48213`.
package struct BlobHeader: Sendable, Equatable {
    package let id: RequestId
    package let index: Int
    package let byteCount: Int

    package init(id: RequestId, index: Int, byteCount: Int) {
        self.id = id
        self.index = index
        self.byteCount = byteCount
    }

    /// Reads a line without its end.
    ///
    /// - Throws: a fatal `BAD_LINE`: where the blob ends is not known then, and so nothing that follows.
    package init(parsing line: String) throws(LineFailure) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        let id = words.count > 1 ? RequestId(words[1]) : nil
        guard words.count == 4, let id, let index = Self.number(words[2]), let count = Self.number(words[3]) else {
            let what = "expected BLOB, an id, an index and a number of bytes, as in BLOB r1 0 48213"
            throw LineFailure(id: id, error: RequestError(.badLine, what, fatal: true))
        }
        self.init(id: id, index: index, byteCount: count)
    }

    /// Digits only: no sign, at most 15 of them.
    private static func number(_ text: Substring) -> Int? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
