/// Divides an answer's tokens into reasoning and answer while they come, by the tokens `<think>` and `</think>`.
///
/// The tags themselves and end tokens yield no text, nor do line ends at the start of either part: models write
/// `<think>\nreasoning\n</think>\n\nanswer`.
package struct ThinkSplitter: Sendable {
    package enum Part: Sendable, Equatable {
        case thinking
        case answer
    }

    /// A piece of one part, whole characters only and never empty.
    package struct SplitText: Sendable, Equatable {
        package let part: Part
        package let text: String

        package init(part: Part, text: String) {
            self.part = part
            self.text = text
        }
    }

    /// The part to which the next token belongs, unless it is a tag.
    package private(set) var part = Part.answer

    private let control: ControlTokens
    private var decoder: StreamDecoder
    /// The parts that have had text other than line ends at their start.
    private var started: Set<Part> = []

    package init(_ tokenizer: Tokenizer) {
        control = tokenizer.control
        decoder = StreamDecoder(tokenizer)
    }

    /// The text that the generated token `id` completes, if any.
    package mutating func append(_ id: Int32) -> SplitText? {
        if id == control.think || id == control.endThink {
            let piece = finish()
            part = id == control.think ? .thinking : .answer
            return piece
        }
        return control.isEnd(id) ? nil : piece(decoder.append(id))
    }

    /// What was held back, as U+FFFD; to be called once at the end.
    package mutating func finish() -> SplitText? { piece(decoder.finish()) }

    private mutating func piece(_ text: String) -> SplitText? {
        var rest = Substring(text)
        if !started.contains(part) {
            rest = rest.drop { $0.isNewline }
            if !rest.isEmpty { started.insert(part) }
        }
        return rest.isEmpty ? nil : SplitText(part: part, text: String(rest))
    }
}
