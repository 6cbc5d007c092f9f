package import Requests

extension APIError {
    /// What the line calls an error, in the words of the API.
    ///
    /// - Parameters:
    ///   - param: the member that it is about, where that is known.
    ///   - contextTokens: what a prompt and its answer may have together.
    package init(_ error: RequestError, param: String? = nil, contextTokens: Int) {
        let (status, type, code) = Self.row(error.code)
        self.init(status, type, code, error.message, param: param)
        retryAfterMilliseconds = error.retryAfterMilliseconds
        switch error.code {
        case .tooLong:
            // Gateways look for these words when they want to try a model with a longer context.
            message = "this model's maximum context length is \(contextTokens) tokens; \(error.message)"
            (promptTokens, self.contextTokens) = (error.promptTokens, contextTokens)
            self.param = param ?? "messages"
        // Wherever a picture was found to be wrong, by the desk or by a rank.
        case .badImage, .imageTooBig, .tooManyImages: self.param = param ?? "messages"
        case .busy, .loading: retryAfterMilliseconds = error.retryAfterMilliseconds ?? 1000
        case .auth: fields = [HTTPField("www-authenticate", "Bearer")]
        default: isFinal = status >= 500
        }
    }

    private static func row(_ code: ErrorCode) -> (Int, String, String) {
        let (invalid, server) = ("invalid_request_error", "server_error")
        return switch code {
        case .badJSON: (400, invalid, "bad_json")
        case .badLine, .badArgument, .unknownVerb, .unknownId, .duplicateId: (400, invalid, "invalid_value")
        case .badImage: (400, invalid, "invalid_image")
        case .tooManyImages: (400, invalid, "too_many_images")
        case .imageTooBig: (400, invalid, "image_too_big")
        case .tooLong: (400, invalid, "context_length_exceeded")
        case .auth: (401, "authentication_error", "invalid_api_key")
        case .blobTooBig, .lineTooLong: (413, invalid, "request_too_large")
        case .busy: (429, "rate_limit_error", "busy")
        case .loading: (503, server, "loading")
        case .draining: (503, server, "draining")
        case .deadline: (504, server, "deadline")
        case .rankLost: (503, server, "rank_lost")
        case .internal, .slowConsumer: (500, server, "internal")
        }
    }

    /// The same for the line's statistics, which count by its codes.
    package var lineCode: ErrorCode {
        ErrorCode.allCases.first { Self.row($0).2 == code } ?? (status < 500 ? .badArgument : .internal)
    }
}
