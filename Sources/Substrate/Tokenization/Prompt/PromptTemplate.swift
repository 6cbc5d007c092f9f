package import Diagnostics
package import Requests

/// The published conversation format.
///
/// ```
/// <|im_start|>system\n{system}<|im_end|><|im_start|>user\n{text}<|im_end|><|im_start|>assistant\n
/// ```
///
/// There is no line end after `<|im_end|>`. An image is `<img>`, its `<IMG_CONTEXT>` tokens, `</img>\n`, at its place.
/// Only the template makes control tokens; texts are plain.
///
/// Source: the `univl-chat` conversation of the published SAIL-VL2 code.
package struct PromptTemplate: Sendable {
    /// What the system message says when the conversation does not begin with one.
    package static let defaultSystem = "你是由抖音内容理解组开发的多模态大模型，英文名叫UniVL, 是一个有用无害的人工智能助手。"

    private let tokenizer: Tokenizer
    private let visualTokensPerTile: Int

    /// A template whose images take `visualTokensPerTile` tokens a tile.
    package init(_ tokenizer: Tokenizer, visualTokensPerTile: Int) {
        self.tokenizer = tokenizer
        self.visualTokensPerTile = visualTokensPerTile
    }

    /// The prompt that asks for the next answer of `messages`.
    ///
    /// - Parameter tiles: the number of tiles of each image, in the order of the images in `messages`.
    package func prompt(
        _ messages: [ChatMessage],
        tiles: [Int] = [],
        think: ThinkMode = .auto
    ) throws(UsageError) -> Prompt {
        precondition(
            tiles.count == messages.images.count,
            "\(tiles.count) tile counts for \(messages.images.count) images"
        )
        var messages = messages
        guard let first = messages.first else {
            throw UsageError("messages: expected at least one message, found none")
        }
        if think == .on { try Self.askForThinking(&messages) }
        if first.role != .system { messages.insert(ChatMessage(role: .system, text: Self.defaultSystem), at: 0) }

        var builder = PromptBuilder(tokenizer)
        var tiles = tiles[...]
        for message in messages {
            builder.append(tokenizer.control.imStart)
            builder.append("\(message.role.rawValue)\n")
            for part in message.parts {
                switch part {
                case .text(let text):
                    builder.append(text)
                case .image:
                    builder.append(image: visualTokensPerTile * tiles.removeFirst())
                    builder.append("\n")
                }
            }
            builder.append(tokenizer.control.imEnd)
        }
        openAnswer(&builder, think: think)
        return builder.finish()
    }

    private static func askForThinking(_ messages: inout [ChatMessage]) throws(UsageError) {
        guard let last = messages.lastIndex(where: { $0.role == .user }) else {
            throw UsageError("think is on, which adds to the last user message, and there is no user message")
        }
        messages[last].parts.append(.text(ThinkMode.instruction))
    }

    private func openAnswer(_ builder: inout PromptBuilder, think: ThinkMode) {
        builder.append(tokenizer.control.imStart)
        builder.append("assistant\n")
        if think == .off {
            builder.append(tokenizer.control.think)
            builder.append("\n\n")
            builder.append(tokenizer.control.endThink)
            builder.append("\n\n")
        }
    }
}
