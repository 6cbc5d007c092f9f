/// Cuts normalised text into the words that byte-pair merges never cross: Qwen2's split pattern, written out by hand.
///
/// The alternatives of the pattern, in the order in which a backtracking engine tries them at each place:
///
/// ```
/// (?i:'s|'t|'re|'ve|'m|'ll|'d)     contraction(from:)
/// [^\r\n\p{L}\p{N}]?\p{L}+         letters(from:)
/// \p{N}                            one number
///  ?[^\s\p{L}\p{N}]+[\r\n]*        symbols(from:)
/// \s*[\r\n]+                       spaces(from:): up to the last line end of the run
/// \s+(?!\S)                        spaces(from:): all of the run but its last scalar
/// \s+                              spaces(from:): the run
/// ```
///
/// Every scalar is matched by one of them, so the words cover the text without gaps, and every byte is looked at a
/// small constant number of times.
struct WordSplitter {
    private let text: UnsafeBufferPointer<UInt8>
    private let properties: ScalarProperties
    private var position = 0

    /// A splitter of `text`, valid UTF-8 that must outlive it.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        properties = .shared
    }

    /// The byte range of the next word, or `nil` at the end.
    @inline(__always)
    mutating func next() -> Range<Int>? {
        guard position < text.count else { return nil }
        let start = position
        position = end(ofWordAt: start)
        return start..<position
    }

    private func end(ofWordAt start: Int) -> Int {
        if let end = contraction(from: start) { return end }
        let (kind, length) = look(at: start)
        let next = start + length
        switch kind {
        case .letter:
            return endOfLetters(from: next)
        case .number:
            return next
        case .other:
            return startsLetter(next) ? endOfLetters(from: next) : endOfSymbols(from: next)
        case .space:
            let isLineEnd = text[start] == Ascii.lineFeed || text[start] == Ascii.carriageReturn
            if !isLineEnd, startsLetter(next) { return endOfLetters(from: next) }
            if text[start] == Ascii.space, next < text.count, look(at: next).kind == .other {
                return endOfSymbols(from: next)
            }
            return endOfSpaces(from: start)
        }
    }

    // MARK: The alternatives

    /// `'s 't 're 've 'm 'll 'd` in any case; the long s (U+017F) folds to an s, as it does in the reference.
    @inline(__always)
    private func contraction(from start: Int) -> Int? {
        guard text[start] == Ascii.apostrophe, start + 1 < text.count else { return nil }
        func lower(_ index: Int) -> UInt8 { index < text.count ? text[index] | 0x20 : 0 }
        switch (lower(start + 1), lower(start + 2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        default:
            guard start + 2 < text.count, text[start + 1] == 0xC5, text[start + 2] == 0xBF else { return nil }
            return start + 3
        }
    }

    @inline(__always)
    private func endOfLetters(from start: Int) -> Int {
        var index = start
        while index < text.count {
            let (kind, length) = look(at: index)
            guard kind == .letter else { break }
            index += length
        }
        return index
    }

    /// The rest of `[^\s\p{L}\p{N}]+`, then any line ends.
    private func endOfSymbols(from start: Int) -> Int {
        var index = start
        while index < text.count {
            let (kind, length) = look(at: index)
            guard kind == .other else { break }
            index += length
        }
        while index < text.count, isLineEnd(text[index]) { index += 1 }
        return index
    }

    private func endOfSpaces(from start: Int) -> Int {
        var index = start
        var lastStart = start
        var afterLastLineEnd: Int?
        while index < text.count {
            let (kind, length) = look(at: index)
            guard kind == .space else { break }
            lastStart = index
            index += length
            if isLineEnd(text[lastStart]) { afterLastLineEnd = index }
        }
        if let afterLastLineEnd { return afterLastLineEnd }
        // `(?!\S)` makes a run that something follows give its last scalar back, unless that is all it has.
        return index == text.count || lastStart == start ? index : lastStart
    }

    // MARK: Scalars

    @inline(__always)
    private func look(at index: Int) -> (kind: ScalarClass, length: Int) {
        let (scalar, length) = UTF8Scalars.decode(text, at: index)
        return (properties.kind(scalar), length)
    }

    @inline(__always)
    private func startsLetter(_ index: Int) -> Bool { index < text.count && look(at: index).kind == .letter }

    @inline(__always)
    private func isLineEnd(_ byte: UInt8) -> Bool { byte == Ascii.lineFeed || byte == Ascii.carriageReturn }
}

/// The ASCII characters that the split pattern names.
private enum Ascii {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let apostrophe = UInt8(ascii: "'")
}
