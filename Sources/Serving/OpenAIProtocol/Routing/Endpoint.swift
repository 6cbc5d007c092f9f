/// What a path of the HTTP port stands for.
package enum Endpoint: Sendable, Equatable {
    case chat
    /// COUNT of a chat, and of a request to the Responses API.
    case chatTokens
    case responses
    case responsesTokens
    case models
    case model(String)
    case tokenize
    case detokenize
    case health
    case live
    case metrics
    case version
    case info
    case stats
    /// A file of the page, by its path.
    case page(String)

    /// Whether a body comes with it; GET else.
    package var isPost: Bool {
        switch self {
        case .chat, .chatTokens, .responses, .responsesTokens, .tokenize, .detokenize: true
        default: false
        }
    }

    /// Whether it wants a token, where there are tokens.
    package var needsToken: Bool {
        switch self {
        case .health, .live, .version, .page: false
        default: true
        }
    }

    package var methods: [String] { isPost ? ["POST", "OPTIONS"] : ["GET", "HEAD", "OPTIONS"] }

    /// What `Allow` says.
    package var allow: HTTPField { HTTPField("allow", methods.joined(separator: ", ")) }

    /// - Parameter path: without a query, not decoded.
    /// - Throws: `not_found`.
    package init(path: String, hasPage: Bool) throws(APIError) {
        if let found = Self.table[path] {
            self = found
        } else if let id = Self.modelName(path) {
            self = .model(id)
        } else if hasPage, path == "/" || path.hasPrefix("/assets/") {
            self = .page(path)
        } else {
            throw Self.notFound(path)
        }
    }

    private static let table: [String: Endpoint] = [
        "/v1/chat/completions": .chat, "/chat/completions": .chat,
        "/v1/chat/completions/input_tokens": .chatTokens, "/chat/completions/input_tokens": .chatTokens,
        "/v1/responses": .responses, "/v1/responses/input_tokens": .responsesTokens,
        "/v1/models": .models, "/v1/models/": .models, "/models": .models, "/models/": .models,
        "/tokenize": .tokenize, "/detokenize": .detokenize,
        "/health": .health, "/ready": .health, "/v1/health": .health, "/live": .live,
        "/metrics": .metrics, "/version": .version,
        "/flotilla/info": .info, "/flotilla/stats": .stats,
    ]

    /// The name behind `/v1/models/`, which may have slashes of its own.
    private static func modelName(_ path: String) -> String? {
        for prefix in ["/v1/models/", "/models/"] where path.hasPrefix(prefix) {
            return PercentText.decode(path.dropFirst(prefix.count))
        }
        return nil
    }

    /// What other servers have, and this one has not.
    private static let others = ["completions", "embeddings", "audio", "images", "moderations", "rerank", "score"]

    private static func notFound(_ path: String) -> APIError {
        let words = path.split(separator: "/")
        let known = "POST /v1/chat/completions, POST /v1/responses, GET /v1/models, POST /tokenize, /detokenize"
        var what = "there is nothing at this path; there are \(known), /health and /metrics"
        if let other = words.first(where: { $0 != "v1" }), others.contains(String(other)) {
            let why = other == "completions" ? "a prompt is always a conversation here" : "this model answers in text"
            what = "there is no \(other) endpoint, since \(why); there are \(known)"
        }
        return .invalid(what, code: "not_found", status: 404)
    }
}

/// Text in which bytes may be written as `%XX`.
enum PercentText {
    /// `nil` where it is not UTF-8, or a `%` is followed by something else.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy(isDigit),
                let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        Character(Unicode.Scalar(byte)).isHexDigit && byte < 0x80
    }
}
