internal import JSON
internal import Requests
package import WireProtocol

/// A request for answers, as OpenAI's clients write it: GENERATE, and how its events are to be told.
package struct ChatRequest: Sendable {
    /// Where the model's reasoning goes.
    package enum Reasoning: Sendable, Equatable {
        /// Beside the answer.
        case apart
        /// Nowhere.
        case hidden
        /// Into the answer, between its tags.
        case inline
    }

    package var generate: GenerateBody
    /// Answers, each with a seed of its own.
    package var count = 1
    package var wantsStream = false
    /// Whether a stream ends with a chunk that says what was used.
    package var includesUsage = false
    /// Whether progress is told as events, and not only in comments.
    package var tellsProgress = false
    package var reasoning = Reasoning.apart
    /// Alternatives told with each token; `nil`: no log-probabilities are wanted.
    package var topLogprobs: Int?
    /// Members that had no effect, in their order.
    package var ignored: [String] = []

    /// Digests of pictures that were sent before.
    package static func digests(of body: GenerateBody) -> [String] {
        (body.messages ?? []).flatMap(\.parts).compactMap { part in
            if case .image(.sha256(let digest), _) = part { digest } else { nil }
        }
    }

    /// What a response repeats of its request.
    package var instructions: String?
    package var effort: String?
    /// `text.format` as it was written, on one line.
    package var format: String?

    /// Reads the body of `POST /v1/chat/completions`, or of `/v1/responses`.
    package init(json: [UInt8], _ rules: ChatRules, _ endpoint: Endpoint = .chat) throws(APIError) {
        var reading = ChatReading(rules, endpoint)
        try reading.read(json)
        self = try reading.finish()
    }

    init(_ generate: GenerateBody) { self.generate = generate }

    /// What says which members had no effect; none where all had.
    package var ignoredFields: [HTTPField] {
        let names = ignored.filter { name in
            (1...64).contains(name.utf8.count)
                && name.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x5F
                        || $0 == 0x2E || $0 == 0x2D
                }
        }
        return names.isEmpty ? [] : [HTTPField("flotilla-ignored", names.prefix(16).joined(separator: ", "))]
    }
}

extension APIError {
    /// What is wrong with a body that a reader has failed at.
    init(_ failure: JSONFailure, in json: [UInt8]) {
        if let broken = failure.kind == .syntax ? failure : Self.breakage(of: json) {
            self = .invalid("this is no JSON object: \(broken)", code: "bad_json")
        } else {
            let param = failure.field.isEmpty ? nil : failure.field
            self = .invalid(failure.sentence(about: "the body"), param: param)
        }
    }

    /// What makes `json` no JSON, if it is none: where it breaks off behind a wrong member, that is the first thing to mend.
    private static func breakage(of json: [UInt8]) -> JSONFailure? {
        do throws(JSONFailure) {
            try JSONReader.read(json) { (reader) throws(JSONFailure) in try reader.skip() }
            return nil
        } catch {
            return error
        }
    }
}
