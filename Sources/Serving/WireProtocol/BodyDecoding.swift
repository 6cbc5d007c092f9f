internal import Foundation
internal import Requests

/// Reads a JSON object into a body, and says what is wrong in the words of the protocol.
enum BodyDecoding {
    static func decode<Body: Decodable>(_ type: Body.Type, _ json: String) throws(RequestError) -> Body {
        do {
            return try JSONDecoder().decode(type, from: Data(json.utf8))
        } catch let error as RequestError {
            throw error
        } catch let error as DecodingError {
            throw wireError(error)
        } catch {
            throw RequestError(.badJSON, "the JSON object cannot be read: \(error)")
        }
    }

    private static func wireError(_ error: DecodingError) -> RequestError {
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return RequestError(.badArgument, "\(path(context.codingPath)) is not \(name(type))")
        case .keyNotFound(let key, let context):
            return RequestError(.badArgument, "\(path(context.codingPath + [key])) is missing")
        case .dataCorrupted(let context) where context.debugDescription.contains("not valid JSON"):
            let cause = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
            return RequestError(.badJSON, "this is no JSON object: \(cause ?? context.debugDescription)")
        case .dataCorrupted(let context):
            // JSON, but a number that no figure of ours can hold.
            return RequestError(.badArgument, "\(path(context.codingPath)): \(context.debugDescription)")
        @unknown default:
            return RequestError(.badJSON, "the JSON object cannot be read")
        }
    }

    /// A member that may be absent or `null`.
    ///
    /// Foundation tells a number that does not fit from broken JSON only while it is at the member.
    static func member<Value: Decodable, Key: CodingKey>(
        _ type: Value.Type,
        _ key: Key,
        in container: KeyedDecodingContainer<Key>
    ) throws -> Value? {
        do {
            return try container.decodeIfPresent(type, forKey: key)
        } catch let error as RequestError {
            throw error
        } catch let error as DecodingError {
            throw wireError(error)
        } catch {
            throw RequestError(.badArgument, "\(path(container.codingPath + [key])) is not \(name(type))")
        }
    }

    /// A member as people write it: `messages[0].content`.
    static func path(_ keys: [any CodingKey]) -> String {
        guard !keys.isEmpty else { return "the body" }
        return keys.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }

    private static func name(_ type: Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is Int.Type, is Int32.Type, is UInt64.Type: "a whole number in range"
        case is Float.Type, is Double.Type: "a number"
        case is [Int32].Type: "an array of whole numbers in range"
        case is [Any].Type: "an array"
        default: "an object"
        }
    }
}
