extension JSONReader {
    /// Reads a string whose opening quote is next.
    mutating func readString() throws(JSONFailure) -> String {
        advance()
        let start = position
        while position < bytes.count, bytes[position] >= 0x20 {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = String(decoding: bytes[start..<position], as: UTF8.self)
                advance()
                return text
            case UInt8(ascii: "\\"):
                return try readEscapedString(from: start)
            default:
                advance()
            }
        }
        throw failure("the end of a string", foundHere())
    }

    /// Reads the rest of a string that has escapes; `start` is its first byte.
    private mutating func readEscapedString(from start: Int) throws(JSONFailure) -> String {
        var text = Array(bytes[start..<position])
        while position < bytes.count, bytes[position] >= 0x20 {
            let byte = bytes[position]
            advance()
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            default: text.append(byte)
            }
        }
        throw failure("the end of a string", foundHere())
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(JSONFailure) {
        guard position < bytes.count else { throw failure("an escape", foundHere()) }
        let letter = bytes[position]
        if letter == UInt8(ascii: "u") {
            let scalar = try escapedScalar()
            // Halves of surrogate pairs do not come here, so that every number is a scalar.
            if let scalar = Unicode.Scalar(scalar) { text.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
            return
         }
        guard let byte = Self.escapes[letter] else { throw failure("an escape", foundHere()) }
        text.append(byte)
        advance()
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    /// `uXXXX`, or two of them that make a surrogate pair.
    private mutating func escapedScalar() throws(JSONFailure) -> UInt32 {
        let start = position - 1
        let first = try codeUnit()
        guard (0xD800..<0xE000).contains(first) else { return first }
        if first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            advance()
            let second = try codeUnit()
            if (0xDC00..<0xE000).contains(second) { return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00) }
        }
        throw failure("a surrogate pair", "half of one", at: start)
    }

    private mutating func codeUnit() throws(JSONFailure) -> UInt32 {
        advance()
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw failure("a hexadecimal digit", foundHere()) }
            unit = unit << 4 | UInt32(digit)
            advance()
        }
        return unit
    }

    /// Steps over `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    mutating func skipNumber() throws(JSONFailure) {
        if peek(UInt8(ascii: "-")) { advance() }
        if peek(UInt8(ascii: "0")) { advance() } else { try skipDigits() }
        if peek(UInt8(ascii: ".")) {
            advance()
            try skipDigits()
        }
        if peek(UInt8(ascii: "e")) || peek(UInt8(ascii: "E")) {
            advance()
            if peek(UInt8(ascii: "+")) || peek(UInt8(ascii: "-")) { advance() }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(JSONFailure) {
        let start = position
        while position < bytes.count, isDigit(bytes[position]) { advance() }
        if position == start { throw failure("a digit", foundHere()) }
    }

    /// Steps over `text`, a word such as `null`.
    mutating func word(_ text: StaticString) throws(JSONFailure) {
        let expected = String(describing: text)
        guard bytes[position...].starts(with: expected.utf8) else { throw failure(expected, foundHere()) }
        advance(by: expected.utf8.count)
    }

    private func peek(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
