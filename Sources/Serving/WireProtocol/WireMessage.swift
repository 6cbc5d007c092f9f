internal import Foundation
internal import Requests

/// Who wrote a conversation, which decides how its pictures can be named.
package enum ConversationSource: Sendable {
    /// A client: `blob`, `data`, `sha256` or `path`.
    case wire
    /// A file on this machine: `image` as Hugging Face writes it, `path` or `data`.
    case file
}

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
    /// - `orient`: whether it is turned as its EXIF says; `nil` leaves that to the request.
    case image(ImageReference, orient: Bool? = nil)
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

extension WireMessage: Encodable {
    private enum CodingKeys: String, CodingKey {
        case role, content
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

extension WirePart: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, text, blob, data, sha256, path, orient
    }

    package func encode(to encoder: any Encoder) throws {
        var c = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .text(let text):
            try c.encode("text", forKey: .type)
            try c.encode(text, forKey: .text)
        case .image(let reference, let orient):
            try c.encode("image", forKey: .type)
            try c.encodeIfPresent(orient, forKey: .orient)
            switch reference {
            case .blob(let index): try c.encode(index, forKey: .blob)
            case .data(let bytes): try c.encode(Data(bytes).base64EncodedString(), forKey: .data)
            case .sha256(let digest): try c.encode(digest, forKey: .sha256)
            case .path(let path): try c.encode(path, forKey: .path)
            }
        }
    }
}
