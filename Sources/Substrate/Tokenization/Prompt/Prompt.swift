/// A conversation as the model reads it.
package struct Prompt: Sendable, Equatable {
    /// The token of each position.
    package let ids: [Int32]
    /// The positions of each image's visual tokens: a run of `<IMG_CONTEXT>`.
    package let imageSpans: [Range<Int>]

    /// The number of visual tokens.
    package var imageTokens: Int { imageSpans.reduce(0) { $0 + $1.count } }
}

/// Builds a prompt from left to right.
///
/// Adjacent plain text is joined before it is encoded, because words and normalisation reach over the seams: the line
/// end after `</img>` belongs to the same word as what the user wrote next.
struct PromptBuilder {
    private let tokenizer: Tokenizer
    private var pending = ""
    private var ids: [Int32] = []
    private var imageSpans: [Range<Int>] = []

    init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    mutating func append(_ text: String) { pending += text }

    mutating func append(_ token: Int32) {
        encodePending()
        ids.append(token)
    }

    mutating func append(image visualTokens: Int) {
        append(tokenizer.control.img)
        imageSpans.append(ids.count..<ids.count + visualTokens)
        ids.append(contentsOf: repeatElement(tokenizer.control.imgContext, count: visualTokens))
        ids.append(tokenizer.control.endImg)
    }

    consuming func finish() -> Prompt {
        encodePending()
        return Prompt(ids: ids, imageSpans: imageSpans)
    }

    private mutating func encodePending() {
        if pending.isEmpty { return }
        ids += tokenizer.encode(pending)
        pending = ""
    }
}
