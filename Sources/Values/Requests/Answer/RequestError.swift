/// What can go wrong, by its name on the wire.
package enum ErrorCode: String, Codable, Sendable, CaseIterable {
    case badLine = "BAD_LINE"
    case badJSON = "BAD_JSON"
    case badArgument = "BAD_ARG"
    case unknownVerb = "UNKNOWN_VERB"
    case unknownId = "UNKNOWN_ID"
    case duplicateId = "DUP_ID"
    case auth = "AUTH"
    case lineTooLong = "LINE_TOO_LONG"
    case blobTooBig = "BLOB_TOO_BIG"
    case badImage = "BAD_IMAGE"
    case imageTooBig = "IMAGE_TOO_BIG"
    case tooManyImages = "TOO_MANY_IMAGES"
    case tooLong = "TOO_LONG"
    case busy = "BUSY"
    case loading = "LOADING"
    case draining = "DRAINING"
    case deadline = "DEADLINE"
    case slowConsumer = "SLOW_CONSUMER"
    case rankLost = "RANK_LOST"
    case `internal` = "INTERNAL"

    /// Whether it is the client that has to change something.
    package var blame: RequestError.Blame {
        switch self {
        case .busy, .loading, .draining, .deadline, .rankLost, .internal: .server
        default: .client
        }
    }

    /// Whether the same request may succeed later.
    package var isRetriable: Bool {
        switch self {
        case .busy, .loading, .draining, .deadline, .rankLost: true
        default: false
        }
    }
}

/// The content of an `ERR` event.
package struct RequestError: Error, Codable, Sendable, Equatable {
    package enum Blame: String, Codable, Sendable {
        case client
        case server
    }

    package var code: ErrorCode
    /// One sentence that names the thing, and a hint where there is one.
    package var message: String
    package var blame: Blame
    package var retriable: Bool
    /// Whether the connection closes after it.
    package var fatal: Bool
    /// When a retry makes sense, in milliseconds from now.
    package var retryAfterMilliseconds: Int?
    /// Of a prompt that is too long; not on the line.
    package var promptTokens: Int?

    package init(_ code: ErrorCode, _ message: String, fatal: Bool = false, retryAfterMilliseconds: Int? = nil) {
        self.code = code
        self.message = message
        blame = code.blame
        retriable = code.isRetriable
        self.fatal = fatal
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case code, message, blame, retriable, fatal
        case retryAfterMilliseconds = "retry_after_ms"
    }
}
