/// Decodes tokens one by one into text that is never half a character.
///
/// A token may end inside a character; its bytes are held back until the rest comes, or until it is certain that it
/// will not. Whatever the ids, the pieces joined are ``Tokenizer/decode(_:skippingSpecial:)`` of all of them.
package struct StreamDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skippingSpecial: Bool
    /// The start of a character whose end has not come: at most three bytes between calls.
    private var held: [UInt8] = []

    package init(_ tokenizer: Tokenizer, skippingSpecial: Bool = false) {
        self.tokenizer = tokenizer
        self.skippingSpecial = skippingSpecial
    }

    /// The text that `id` completes; often empty.
    package mutating func append(_ id: Int32) -> String {
        if skippingSpecial, tokenizer.specialIDs.contains(id) { return "" }
        tokenizer.table.appendBytes(of: id, to: &held)
        let whole = held.count - Self.unfinishedCount(held)
        let text = String(decoding: held[..<whole], as: UTF8.self)
        held.removeFirst(whole)
        return text
    }

    /// What is still held back, as U+FFFD; to be called once at the end.
    package mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// How many bytes at the end are the start of a character that more bytes could complete.
    static func unfinishedCount(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let lead = bytes[bytes.count - count]
            if lead & 0xC0 == 0x80 { continue }
            return isUnfinished(bytes.suffix(count)) ? count : 0
        }
        return 0
    }

    /// Whether `bytes`, a lead byte and what follows, is a proper prefix of a character (Unicode Standard, table 3-7).
    private static func isUnfinished(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let lead = bytes.first else { return false }
        let second = bytes.dropFirst().first
        let (length, seconds): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (length, seconds) = (2, 0x80...0xBF)
        case 0xE0: (length, seconds) = (3, 0xA0...0xBF)
        case 0xED: (length, seconds) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, seconds) = (3, 0x80...0xBF)
        case 0xF0: (length, seconds) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, seconds) = (4, 0x80...0xBF)
        case 0xF4: (length, seconds) = (4, 0x80...0x8F)
        default: return false
        }
        return bytes.count < length && second.map(seconds.contains) ?? true
    }
}
