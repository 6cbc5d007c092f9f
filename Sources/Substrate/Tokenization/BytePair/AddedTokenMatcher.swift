/// Finds added tokens in text: the leftmost one, and of those that start there the longest.
struct AddedTokenMatcher: Sendable {
    private struct Pattern: Sendable {
        var bytes: [UInt8]
        var id: Int32
    }

    /// The patterns that begin with each byte, the longest first.
    private let patterns: [[Pattern]]

    init(_ tokens: [AddedToken]) {
        var patterns = [[Pattern]](repeating: [], count: 256)
        for token in tokens {
            let bytes = Array(token.content.utf8)
            patterns[Int(bytes[0])].append(Pattern(bytes: bytes, id: token.id))
        }
        self.patterns = patterns.map { $0.sorted { $0.bytes.count > $1.bytes.count } }
    }

    /// A part of a text: between added tokens, or one of them.
    enum Part {
        case text(Range<Int>)
        case token(Int32)
    }

    /// Calls `body` with the parts of `text` in order; there is no empty part.
    func forEachPart(of text: UnsafeBufferPointer<UInt8>, _ body: (Part) -> Void) {
        var start = 0
        var index = 0
        while index < text.count {
            if let pattern = match(text, at: index) {
                if start < index { body(.text(start..<index)) }
                body(.token(pattern.id))
                index += pattern.bytes.count
                start = index
            } else {
                index += 1
            }
        }
        if start < index { body(.text(start..<index)) }
    }

    @inline(__always)
    private func match(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Pattern? {
        let candidates = patterns[Int(text[index])]
        if candidates.isEmpty { return nil }
        return candidates.first { pattern in
            text.count - index >= pattern.bytes.count
                && text[index..<index + pattern.bytes.count].elementsEqual(pattern.bytes)
        }
    }
}
