internal import Foundation
internal import Requests

/// A message of a conversation.
package struct WireMessage: Sendable, Equatable {
    /// `system`, `user` or `assistant`.
    package var role: String
    package var parts: [WirePart]

    package init(role: String, parts: [WirePart]) {
        self.role = role
        self.parts = parts
    }
}

/// A piece of a message's content.
package enum WirePart: Sendable, Equatable {
    case text(String)
    case image(ImageReference)
}

/// Where a picture's bytes are.
package enum ImageReference: Sendable, Hashable {
    /// Sent by BLOB under the request's name.
    case blob(Int)
    case data([UInt8])
    /// Of a picture that was sent earlier: 64 hexadecimal digits.
    case sha256(String)
    /// Below a directory that the operator allowed.
    case path(String)
}

extension WireMessage: Codable {
    private enum CodingKeys: String, CodingKey {
        case role, content
    }

    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        role = try c.decode(String.self, forKey: .role)
        guard ["system", "user", "assistant"].contains(role) else {
            let place = BodyDecoding.path(c.codingPath + [CodingKeys.role])
            throw RequestError(.badArgument, "\(place) is \"\(role.prefix(40))\", expected system, user or assistant")
        }
        if let text = try? c.decode(String.self, forKey: .content) {
            parts = [.text(text)]
        } else {
            parts = try c.decode([WirePart].self, forKey: .content)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        try c.encode(role, forKey: .role)
        if parts.count == 1, case .text(let text) = parts[0] {
            try c.encode(text, forKey: .content)
        } else {
            try c.encode(parts, forKey: .content)
        }
    }
}

extension WirePart: Codable {
    private enum CodingKeys: String, CodingKey {
        case type, text, blob, data, sha256, path
    }

    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        let type = try c.decode(String.self, forKey: .type)
        switch type {
        case "text": self = .text(try c.decode(String.self, forKey: .text))
        case "image": self = .image(try Self.image(c))
        default:
            let place = BodyDecoding.path(c.codingPath + [CodingKeys.type])
            throw RequestError(.badArgument, "\(place) is \"\(type.prefix(40))\", expected text or image")
        }
    }

    private static func image(_ c: KeyedDecodingContainer<CodingKeys>) throws -> ImageReference {
        func fail(_ what: String) -> RequestError { RequestError(.badArgument, "\(BodyDecoding.path(c.codingPath)) \(what)") }
        let ways: [CodingKeys] = [.blob, .data, .sha256, .path]
        guard ways.filter({ c.contains($0) }).count == 1 else {
            throw fail("expected one of blob, data, sha256 and path")
        }
        if let index = try c.decodeIfPresent(Int.self, forKey: .blob) {
            guard index >= 0 else { throw fail("has a negative blob") }
            return .blob(index)
        }
        if var text = try c.decodeIfPresent(String.self, forKey: .data) {
            // As web pages write it: data:image/png;base64,…
            if text.hasPrefix("data:"), let comma = text.firstIndex(of: ",") {
                text = String(text[text.index(after: comma)...])
            }
            guard let data = Data(base64Encoded: text) else { throw fail("has data that is not base64") }
            return .data([UInt8](data))
        }
        if let digest = try c.decodeIfPresent(String.self, forKey: .sha256) {
            guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
                throw fail("has a sha256 that is not 64 hexadecimal digits")
            }
            return .sha256(digest.lowercased())
        }
        let path = try c.decode(String.self, forKey: .path)
        guard !path.isEmpty, !path.utf8.contains(0) else { throw fail("has a path that names nothing") }
        return .path(path)
    }

    package func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .text(let text):
            try c.encode("text", forKey: .type)
            try c.encode(text, forKey: .text)
        case .image(let reference):
            try c.encode("image", forKey: .type)
            switch reference {
            case .blob(let index): try c.encode(index, forKey: .blob)
            case .data(let bytes): try c.encode(Data(bytes).base64EncodedString(), forKey: .data)
            case .sha256(let digest): try c.encode(digest, forKey: .sha256)
            case .path(let path): try c.encode(path, forKey: .path)
            }
        }
    }
}
