package import JSON

extension WireMessage {
    /// Reads an array of messages; members that are not known are passed over.
    package static func list(
        _ reader: inout JSONReader,
        from source: ConversationSource
    ) throws(JSONFailure) -> [WireMessage] {
        var messages: [WireMessage] = []
        try reader.array { (reader, _) throws(JSONFailure) in
            messages.append(try WireMessage(&reader, from: source))
        }
        return messages
    }

    private init(_ reader: inout JSONReader, from source: ConversationSource) throws(JSONFailure) {
        var role: String?
        var parts: [WirePart]?
        try reader.object { (reader, key) throws(JSONFailure) in
            switch key {
            case "role": role = try Self.role(&reader)
            case "content": parts = try Self.content(&reader, from: source)
            default: try reader.skip()
            }
        }
        guard let role else { throw reader.failure("\"role\" and \"content\"", "an object without \"role\"") }
        guard let parts else { throw reader.failure("\"role\" and \"content\"", "an object without \"content\"") }
        self.init(role: role, parts: parts)
    }

    private static func role(_ reader: inout JSONReader) throws(JSONFailure) -> String {
        let role = try reader.string()
        guard ["system", "user", "assistant"].contains(role) else {
            throw reader.failure("system, user or assistant", "\"\(role.prefix(40))\"")
        }
        return role
    }

    private static func content(
        _ reader: inout JSONReader,
        from source: ConversationSource
    ) throws(JSONFailure) -> [WirePart] {
        switch reader.kind() {
        case .array:
            var parts: [WirePart] = []
            try reader.array { (reader, _) throws(JSONFailure) in
                parts.append(try PartReading.part(&reader, from: source))
            }
            return parts
        case .string, nil: return [.text(try reader.string())]
        case let other?: throw reader.failure("a text or an array of parts", other.rawValue)
        }
    }
}

/// The members of a part, in whatever order they come.
private struct PartReading {
    private var type: String?
    private var text: String?
    private var pictures: [ImageReference] = []
    private var orient: Bool?

    static func part(
        _ reader: inout JSONReader,
        from source: ConversationSource
    ) throws(JSONFailure) -> WirePart {
        var part = PartReading()
        try reader.object { (reader, key) throws(JSONFailure) in
            if try reader.skipNull() { return }
            switch key {
            case "type": part.type = try part.type(&reader)
            case "text": part.text = try reader.string()
            case "orient": part.orient = try reader.boolean()
            default:
                if let picture = try part.picture(key, &reader, from: source) {
                    part.pictures.append(picture)
                } else {
                    try reader.skip()
                }
            }
        }
        return try part.whole(reader, source)
    }

    private func whole(_ reader: JSONReader, _ source: ConversationSource) throws(JSONFailure) -> WirePart {
        switch type {
        case "text":
            guard let text else { throw reader.failure("a text part with \"text\"", "an object without it") }
            return .text(text)
        case "image":
            let ways = source == .wire ? "blob, data, sha256 and path" : "image, path and data"
            guard pictures.count == 1 else {
                throw reader.failure("a picture with one of \(ways)", "an object with \(pictures.count) of them")
            }
            return .image(pictures[0], orient: orient)
        default: throw reader.failure("a part with a \"type\"", "an object without it")
        }
    }

    private func type(_ reader: inout JSONReader) throws(JSONFailure) -> String {
        let type = try reader.string()
        guard ["text", "image"].contains(type) else {
            throw reader.failure("text or image", "\"\(type.prefix(40))\"")
        }
        return type
    }

    /// The picture that the member `key` names, or `nil` if it names none; then nothing was read.
    private func picture(
        _ key: String,
        _ reader: inout JSONReader,
        from source: ConversationSource
    ) throws(JSONFailure) -> ImageReference? {
        switch (key, source) {
        case ("data", _): return .data(try data(&reader))
        case ("path", _), ("image", .file): return try file(&reader)
        case ("blob", .wire):
            let index = try reader.integer()
            guard index >= 0 else { throw reader.failure("0 or more", "\(index)") }
            return .blob(index)
        case ("sha256", .wire):
            let digest = try reader.string()
            guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
                throw reader.failure("64 hexadecimal digits", "\"\(digest.prefix(80))\"")
            }
            return .sha256(digest.lowercased())
        case ("blob", .file), ("sha256", .file):
            throw reader.failure("\"image\", \"path\" or \"data\" in a file", "what only a server's client can say")
        default: return nil
        }
    }

    private func file(_ reader: inout JSONReader) throws(JSONFailure) -> ImageReference {
        let path = try reader.string()
        guard !path.isEmpty, !path.utf8.contains(0) else { throw reader.failure("the name of a picture", "no name") }
        return .path(path)
    }

    private func data(_ reader: inout JSONReader) throws(JSONFailure) -> [UInt8] {
        let bytes = try reader.string { (text) -> [UInt8]? in
            var text = text
            // As web pages write it: data:image/png;base64,…
            if text.starts(with: "data:".utf8), let comma = text.firstIndex(of: UInt8(ascii: ",")) {
                text = UnsafeBufferPointer(rebasing: text[(comma + 1)...])
            }
            return Base64.decode(text)
        }
        guard let bytes else { throw reader.failure("base64", "a text that is not") }
        return bytes
    }
}
