internal import WireProtocol

/// Where a picture is, as OpenAI's clients write it.
enum ImageURL {
    /// Why a text does not say where a picture is.
    enum Problem: Error {
        case notBase64(String)
        case tooBig(Int)
        case unsupported(String)
        case notDigest
    }

    /// - Parameter text: the UTF-8 bytes of a URL, which may be many millions.
    static func reference(_ text: UnsafeBufferPointer<UInt8>, _ rules: ChatRules) throws(Problem) -> ImageReference {
        let text = trimmed(text)
        let scheme = String(decoding: text.prefix(32).prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
        let rest = UnsafeBufferPointer(rebasing: text.dropFirst(scheme.utf8.count + 1))
        switch scheme {
        case "data" where rest.count > 0: return .data(try bytes(rest, rules))
        case "sha256":
            let digest = String(decoding: rest.prefix(80), as: UTF8.self)
            guard rest.count == 64, digest.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { throw .notDigest }
            return .sha256(digest.lowercased())
        case "file":
            guard rules.allowsPaths else {
                throw .unsupported("pictures by path are not allowed; the operator may, with --image-directory")
            }
            let path = String(decoding: rest.prefix(4096), as: UTF8.self)
            guard !path.isEmpty, rest.count <= 4096, !path.utf8.contains(0) else {
                throw .unsupported("file: is not followed by a path")
            }
            return .path(path)
        default:
            let shown = String(decoding: text.prefix(40), as: UTF8.self)
            throw .unsupported(
                "the server never fetches anything for a client, and \"\(shown)\" is not in the request; "
                    + "send the picture as data:image/…;base64,…"
            )
        }
    }

    private static func trimmed(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var slice = text[...]
        while let first = slice.first, first <= 0x20 { slice = slice.dropFirst() }
        while let last = slice.last, last <= 0x20 { slice = slice.dropLast() }
        return UnsafeBufferPointer(rebasing: slice)
    }

    /// The bytes behind `data:`: a type, which does not matter, `;base64`, a comma, and the letters.
    private static func bytes(_ text: UnsafeBufferPointer<UInt8>, _ rules: ChatRules) throws(Problem) -> [UInt8] {
        // A type is some dozen letters; nobody looks for a comma in millions of them.
        guard let comma = text.prefix(1024).firstIndex(of: UInt8(ascii: ",")) else {
            throw .notBase64("a data: URL without a comma")
        }
        let words = String(decoding: text[..<comma], as: UTF8.self).lowercased().split(separator: ";")
        guard words.last?.trimmingBlanks == "base64" else { throw .notBase64("a data: URL that is not ;base64") }
        let letters = UnsafeBufferPointer(rebasing: text[(comma + 1)...])
        // Blanks count for nothing, so that this is the least that there can be only where there are none.
        guard letters.count / 4 * 3 <= 2 * rules.maxPicture else { throw .tooBig(letters.count / 4 * 3) }
        guard let bytes = Base64.decodeLeniently(letters), !bytes.isEmpty else {
            throw .notBase64(letters.isEmpty ? "an empty data: URL" : "a data: URL whose content is not base64")
        }
        guard bytes.count <= rules.maxPicture else { throw .tooBig(bytes.count) }
        return bytes
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String { String(self).trimmed }
}

extension APIError {
    init(_ problem: ImageURL.Problem, param: String, _ rules: ChatRules) {
        switch problem {
        case .notBase64(let what):
            self = .invalid("\(param) is \(what), expected data:image/…;base64,…", param: param, code: "invalid_image")
        case .tooBig(let count):
            let what = "\(param) is a picture of \(count) bytes, at most \(rules.maxPicture) are taken"
            self = .invalid(what, param: param, code: "request_too_large", status: 413)
        case .unsupported(let what): self = .invalid(what, param: param, code: "unsupported_url")
        case .notDigest:
            self = .invalid("\(param) is not sha256: with 64 hexadecimal digits", param: param, code: "invalid_image")
        }
    }
}
