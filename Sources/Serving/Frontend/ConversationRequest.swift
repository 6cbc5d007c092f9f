package import Requests
package import Tokenization

/// What a user asks for: a conversation, and how to answer it.
package struct ConversationRequest: Sendable {
    package var id: String
    package var messages: [ChatMessage]
    package var options: RequestOptions
    package var wantsTrace = false
    /// The place in a file that it was read from, for errors: `requests.jsonl, line 3`.
    package var origin: String?

    package init(id: String, messages: [ChatMessage], options: RequestOptions = RequestOptions()) {
        self.id = id
        self.messages = messages
        self.options = options
    }
}
