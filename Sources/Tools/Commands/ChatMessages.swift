import Diagnostics
import Foundation
import JSON
import Tokenization
import WireProtocol

/// Conversations in files: an array of `{"role", "content"}`, content being a text or an array of parts.
enum ChatMessages {
    static let hint =
        #"an array such as [{"role":"user","content":[{"type":"image","image":"a.jpg"},"#
        + #"{"type":"text","text":"describe the image"}]}]"#

    /// Reads a conversation by the code that reads a client's; members that are not known are passed over.
    static func parse(json: Data) throws(UsageError) -> [ChatMessage] {
        let messages: [WireMessage]
        do throws(JSONFailure) {
            messages = try JSONReader.read([UInt8](json)) { (reader) throws(JSONFailure) in
                try WireMessage.list(&reader, from: .file)
            }
        } catch {
            // The whole is called messages, as it is in a line of a batch and on the wire.
            let place = error.field.isEmpty ? "" : "messages"
            throw UsageError("\(place)\(error.sentence(about: "the conversation"))", hint: hint)
        }
        guard !messages.isEmpty else { throw UsageError("the conversation is an empty array", hint: hint) }
        return chat(messages)
    }

    /// The conversation as prompts take it; what a picture is called says where its bytes are.
    static func chat(_ messages: [WireMessage]) -> [ChatMessage] {
        messages.map { message in
            let parts = message.parts.map { part -> ChatMessage.Part in
                switch part {
                case .text(let text): .text(text)
                case .image(.path(let path), let orient): .image(path, orient: orient)
                case .image(.data(let bytes), let orient): .image(PictureName.data(bytes), orient: orient)
                case .image(.blob, _), .image(.sha256, _): preconditionFailure("a file names pictures otherwise")
                }
            }
            // The reader knows no other roles.
            return ChatMessage(role: ChatMessage.Role(rawValue: message.role) ?? .user, parts: parts)
        }
    }
}
