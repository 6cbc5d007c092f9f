/// What a client of the API is told when it cannot be served: a status, and the body that OpenAI's clients read.
package struct APIError: Error, Sendable, Equatable {
    package var status: Int
    package var type: String
    package var code: String
    /// One sentence that names the thing, and a hint where there is one.
    package var message: String
    /// The member of the request that is wrong.
    package var param: String?
    /// When a retry makes sense, in milliseconds from now.
    package var retryAfterMilliseconds: Int?
    /// Whether trying the same again helps nobody.
    package var isFinal = false
    /// Of the prompt, and of the model's context, where the one is too long for the other.
    package var promptTokens: Int?
    package var contextTokens: Int?
    /// Headers that the status wants, such as `Allow`.
    package var fields: [HTTPField] = []

    package init(_ status: Int, _ type: String, _ code: String, _ message: String, param: String? = nil) {
        (self.status, self.type, self.code, self.message, self.param) = (status, type, code, message, param)
    }

    /// Something is wrong with the request.
    package static func invalid(
        _ message: String,
        param: String? = nil,
        code: String = "invalid_value",
        status: Int = 400
    ) -> APIError {
        APIError(status, "invalid_request_error", code, message, param: param)
    }

    /// It would change the answer, and is not possible here.
    package static func unsupported(_ message: String, param: String) -> APIError {
        invalid(message, param: param, code: "unsupported")
    }

    package static func busy(_ message: String, retryAfterMilliseconds: Int = 1000) -> APIError {
        var error = APIError(429, "rate_limit_error", "busy", message)
        error.retryAfterMilliseconds = retryAfterMilliseconds
        return error
    }

    /// What ends a request that a drain has no more time for.
    package static var draining: APIError {
        var error = APIError(503, "server_error", "draining", "the server ends, and had no time to finish the answer")
        error.isFinal = true
        return error
    }

    // MARK: - As it is sent

    /// `{"error":{…}}`.
    package var json: [UInt8] {
        JSONBytes.object { json in json.object("error") { write(&$0) } }
    }

    func write(_ json: inout JSONBytes) {
        json.member("message", message)
        json.member("type", type)
        json.member("param", param)
        json.member("code", code)
        if let promptTokens { json.member("n_prompt_tokens", promptTokens) }
        if let contextTokens { json.member("n_ctx", contextTokens) }
    }

    package var reply: HTTPReply { HTTPReply(status: status, fields: fields + retryFields, json: json) }

    private var retryFields: [HTTPField] {
        if isFinal { return [HTTPField("x-should-retry", "false")] }
        guard let retryAfterMilliseconds else { return [] }
        let seconds = min(60, max(1, (retryAfterMilliseconds + 999) / 1000))
        return [
            HTTPField("retry-after", "\(seconds)"), HTTPField("retry-after-ms", "\(max(1, retryAfterMilliseconds))"),
        ]
    }
}
