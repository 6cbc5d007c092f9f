/// A finished answer as text.
package struct AnswerText: Sendable, Equatable {
    /// Everything that was generated, tags included, without the end token.
    package let text: String
    /// What stands between `<think>` and `</think>`; empty if nothing does.
    package let thinking: String
    /// The rest, which is what the user asked for.
    package let answer: String
    /// The content of the answer's last `\boxed{…}`.
    package let boxed: String?

    /// The texts of the generated `ids`, the end token being among them or not.
    package init(_ ids: some Sequence<Int32>, tokenizer: Tokenizer) {
        var splitter = ThinkSplitter(tokenizer)
        var texts: [ThinkSplitter.Part: String] = [:]
        func add(_ piece: ThinkSplitter.SplitText?) {
            if let piece { texts[piece.part, default: ""] += piece.text }
        }
        for id in ids { add(splitter.append(id)) }
        add(splitter.finish())
        text = tokenizer.decode(ids.filter { !tokenizer.control.isEnd($0) })
        thinking = texts[.thinking] ?? ""
        answer = texts[.answer] ?? ""
        boxed = Self.boxed(in: answer)
    }

    /// The content of the last `\boxed{…}` in `text`: `nil` if there is none or it is not closed.
    ///
    /// Braces nest; one after a backslash is a character, as in LaTeX.
    package static func boxed(in text: String) -> String? {
        let bytes = Array(text.utf8)
        let opening = Array("\\boxed{".utf8)
        guard bytes.count >= opening.count,
            let start = (0...bytes.count - opening.count).last(where: { bytes[$0...].starts(with: opening) })
        else { return nil }
        let content = start + opening.count
        var depth = 1
        var index = content
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 { return String(decoding: bytes[content..<index], as: UTF8.self) }
            index += 1
        }
        return nil
    }
}
