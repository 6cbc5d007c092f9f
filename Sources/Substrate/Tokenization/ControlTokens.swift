/// The ids of the tokens that steer a conversation and that no user's text can make.
package struct ControlTokens: Sendable, Equatable {
    /// `<|im_start|>` opens a message.
    package let imStart: Int32
    /// `<|im_end|>` closes a message, and ends an answer.
    package let imEnd: Int32
    /// `<|endoftext|>` ends an answer too.
    package let endOfText: Int32
    /// `<think>` and `</think>` enclose the reasoning.
    package let think: Int32
    package let endThink: Int32
    /// `<img>` and `</img>` enclose an image's visual tokens.
    package let img: Int32
    package let endImg: Int32
    /// `<IMG_CONTEXT>` holds the place of one visual token.
    package let imgContext: Int32

    /// What ends an answer: `<|im_end|>`, `<|endoftext|>`, and what else `generation_config.json` names.
    package let ends: [Int32]

    /// Whether generation ends at `id`.
    package func isEnd(_ id: Int32) -> Bool { ends.contains(id) }

    /// - Parameter furtherEnds: ids that end an answer besides the two that every checkpoint has.
    init(_ tokens: [AddedToken], furtherEnds: [Int32]) throws(TokenizerError) {
        func id(_ content: String) throws(TokenizerError) -> Int32 {
            guard let token = tokens.first(where: { $0.content == content }) else {
                throw .invalid(
                    file: "added_tokens.json, tokenizer_config.json or tokenizer.json",
                    field: content,
                    expected: "an added token of this name",
                    found: "none"
                )
            }
            return token.id
        }
        imStart = try id("<|im_start|>")
        imEnd = try id("<|im_end|>")
        endOfText = try id("<|endoftext|>")
        think = try id("<think>")
        endThink = try id("</think>")
        img = try id("<img>")
        endImg = try id("</img>")
        imgContext = try id("<IMG_CONTEXT>")
        let common = [imEnd, endOfText]
        ends = common + Set(furtherEnds).subtracting(common).sorted()
    }
}
