package import Requests

/// What a connection is to do about an event.
package enum AnswerOutput: Sendable, Equatable {
    /// The whole response.
    case reply(HTTPReply)
    /// The head of a stream.
    case begin([HTTPField])
    /// Bytes of a stream, which are one write.
    case event([UInt8])
    /// The stream is over.
    case finish

    /// Whether the call is answered with it.
    package var isLast: Bool {
        switch self {
        case .reply, .finish: true
        case .begin, .event: false
        }
    }
}

/// Turns the events of one call's requests into what its client reads; a value, so that a stream is a test without a socket.
package protocol AnswerWriter: Sendable {
    /// - Parameter choice: which of the call's requests the event is of, from 0.
    mutating func take(_ event: RequestEvent, choice: Int) -> [AnswerOutput]
    /// Nothing was said for some seconds: a stream says that it lives.
    mutating func quiet() -> [AnswerOutput]
}

/// What all chunks of an answer say.
package struct AnswerFrame: Sendable {
    package var id: String
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    package var fingerprint: String
    /// What a prompt and its answer may have together.
    package var contextTokens: Int
    /// The bytes of a token, for log-probabilities.
    package var tokenBytes: @Sendable (Int32) -> [UInt8]

    package init(
        id: String,
        created: Int,
        model: String,
        fingerprint: String,
        contextTokens: Int,
        tokenBytes: @escaping @Sendable (Int32) -> [UInt8]
    ) {
        (self.id, self.created, self.model, self.fingerprint) = (id, created, model, fingerprint)
        (self.contextTokens, self.tokenBytes) = (contextTokens, tokenBytes)
    }
}

/// Server-sent events: lines of text that every browser reads.
enum EventText {
    static let fields = [
        HTTPField("content-type", "text/event-stream; charset=utf-8"),
        HTTPField("cache-control", "no-cache, no-transform"),
        HTTPField("x-accel-buffering", "no"),
    ]

    static func data(_ json: [UInt8]) -> [UInt8] { Array("data: ".utf8) + json + Array("\n\n".utf8) }

    static func event(_ name: String, _ json: [UInt8]) -> [UInt8] { Array("event: \(name)\n".utf8) + data(json) }

    /// A line that no parser hears of, and every proxy sees.
    static func comment(_ text: String) -> [UInt8] {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return Array(": \(line)\n\n".utf8)
    }

    static let done = Array("data: [DONE]\n\n".utf8)
}

extension RequestProgress {
    /// `prefill 512/2048`, and what there is to say about it.
    var comment: String { "\(stage) \(done)/\(total)" + (note.map { " \($0)" } ?? "") }

    var json: [UInt8] {
        JSONBytes.object { json in
            json.member("stage", stage)
            json.member("done", done)
            json.member("total", total)
            json.member("note", note)
        }
    }
}
