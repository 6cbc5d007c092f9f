package import Diagnostics
package import Foundation
internal import JSON

/// Conversations as JSON: an array of `{"role", "content"}`, content being a string or an array of parts.
package enum ChatMessages {
    /// Reads a conversation; unknown members are ignored, everything else that is not understood is an error.
    package static func parse(json: Data) throws(UsageError) -> [ChatMessage] {
        do throws(JSONFailure) {
            var reader = try JSONReader([UInt8](json))
            let messages = try read(&reader)
            try reader.end()
            return messages
        } catch {
            throw UsageError(
                "messages: \(error)",
                hint: #"an array such as [{"role":"user","content":[{"type":"image","image":"a.jpg"},"#
                    + #"{"type":"text","text":"describe the image"}]}]"#
            )
        }
    }

    private static func read(_ reader: inout JSONReader) throws(JSONFailure) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        try reader.array { (reader, _) throws(JSONFailure) in messages.append(try message(&reader)) }
        if messages.isEmpty { throw reader.failure("at least one message", "an empty array") }
        return messages
    }

    private static func message(_ reader: inout JSONReader) throws(JSONFailure) -> ChatMessage {
        var role: ChatMessage.Role?
        var parts: [ChatMessage.Part]?
        try reader.object { (reader, key) throws(JSONFailure) in
            switch key {
            case "role":
                let name = try reader.string()
                role = ChatMessage.Role(rawValue: name)
                if role == nil { throw reader.failure("\"system\", \"user\" or \"assistant\"", "\"\(name)\"") }
            case "content":
                parts = try content(&reader)
            default:
                try reader.skip()
            }
        }
        guard let role else { throw reader.failure("a message with a \"role\"", "none") }
        guard let parts else { throw reader.failure("a message with \"content\"", "none") }
        return ChatMessage(role: role, parts: parts)
    }

    private static func content(_ reader: inout JSONReader) throws(JSONFailure) -> [ChatMessage.Part] {
        switch reader.kind() {
        case .string:
            return [.text(try reader.string())]
        case .array:
            var parts: [ChatMessage.Part] = []
            try reader.array { (reader, _) throws(JSONFailure) in parts.append(try part(&reader)) }
            return parts
        case let other:
            throw reader.failure("a string or an array of parts", other?.rawValue ?? "nothing")
        }
    }

    private static func part(_ reader: inout JSONReader) throws(JSONFailure) -> ChatMessage.Part {
        var type: String?
        var text: String?
        var image: String?
        try reader.object { (reader, key) throws(JSONFailure) in
            switch key {
            case "type": type = try reader.string()
            case "text": text = try reader.string()
            case "image": image = try reader.string()
            default: try reader.skip()
            }
        }
        switch type {
        case "text":
            guard let text else { throw reader.failure("a text part with \"text\"", "none") }
            return .text(text)
        case "image":
            guard let image, !image.isEmpty else { throw reader.failure("an image part with \"image\"", "none") }
            return .image(image)
        case let type?:
            throw reader.failure("a part of type \"text\" or \"image\"", "\"\(type)\"")
        case nil:
            throw reader.failure("a part with a \"type\"", "none")
        }
    }
}
