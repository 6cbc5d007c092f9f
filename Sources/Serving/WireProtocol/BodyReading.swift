package import JSON
internal import Requests

/// Reads a client's JSON object, and says what is wrong in the words of the protocol.
enum BodyReading {
    /// Reads the object `json`, calling `member` for each key; `member` reads the value if it knows the key, and says
    /// whether it did.
    ///
    /// - Throws: `BAD_JSON`, or `BAD_ARG` naming the member.
    static func object(
        _ json: String,
        _ member: (inout JSONReader, _ key: String) throws(JSONFailure) -> Bool
    ) throws(RequestError) {
        do throws(JSONFailure) {
            try JSONReader.read(json) { (reader) throws(JSONFailure) in
                try reader.object { (reader, key) throws(JSONFailure) in
                    if try !member(&reader, key) { try reader.skip() }
                }
            }
        } catch {
            throw requestError(error, json)
        }
    }

    private static func requestError(_ failure: JSONFailure, _ json: String) -> RequestError {
        guard let broken = failure.kind == .syntax ? failure : breakage(of: json) else {
            return RequestError(.badArgument, failure.sentence(about: "the body"))
        }
        return RequestError(.badJSON, "this is no JSON object: \(broken)")
    }

    /// What makes `json` no JSON, if it is none: where it breaks off behind a wrong member, that is the first thing to mend.
    private static func breakage(of json: String) -> JSONFailure? {
        do throws(JSONFailure) {
            try JSONReader.read(json) { (reader) throws(JSONFailure) in try reader.skip() }
            return nil
        } catch {
            return error
        }
    }
}

extension JSONFailure {
    /// One sentence without a full stop: `messages[0].content is a number, expected a text or an array of parts`.
    ///
    /// - Parameter whole: what the value is called that was read.
    package func sentence(about whole: String) -> String {
        switch kind {
        case .syntax: description
        case .value: "\(field.isEmpty ? whole : field) is \(found), expected \(expected)"
        }
    }
}
