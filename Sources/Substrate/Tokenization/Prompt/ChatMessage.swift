/// One message of a conversation.
package struct ChatMessage: Sendable, Equatable {
    package enum Role: String, Sendable {
        case system
        case user
        case assistant
    }

    /// A piece of a message's content, in the order in which it is read.
    package enum Part: Sendable, Equatable {
        /// Plain text; control tokens typed in it are characters.
        case text(String)
        /// An image by whatever its sender calls it, such as a path; prompts only count images.
        ///
        /// - `orient`: whether it is turned as its EXIF says; `nil` leaves that to the request.
        case image(String, orient: Bool? = nil)
    }

    package var role: Role
    package var parts: [Part]

    package init(role: Role, parts: [Part]) {
        self.role = role
        self.parts = parts
    }

    /// A message of text alone.
    package init(role: Role, text: String) { self.init(role: role, parts: [.text(text)]) }
}

extension [ChatMessage] {
    /// What the images of the conversation are called, in order.
    package var images: [String] {
        flatMap(\.parts).compactMap { if case .image(let name, _) = $0 { name } else { nil } }
    }

    /// Whether each of them is turned as its EXIF says, where its part says so.
    package var imageOrients: [Bool?] {
        flatMap(\.parts).compactMap { if case .image(_, let orient) = $0 { .some(orient) } else { nil } }
    }
}
