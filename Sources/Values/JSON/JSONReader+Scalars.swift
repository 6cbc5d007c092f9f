extension JSONReader {
    /// Reads a string.
    package mutating func string() throws(JSONFailure) -> String {
        try expect(.string)
        return try readString()
    }

    /// Reads a string and lends `body` its UTF-8 bytes, which are copied only where the string has escapes.
    package mutating func string<Value>(
        _ body: (UnsafeBufferPointer<UInt8>) -> Value
    ) throws(JSONFailure) -> Value {
        try expect(.string)
        advance()
        let start = position
        advance(by: bytes.endOfPlainText(from: start) - start)
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            return try readEscapedString(from: start).withUnsafeBufferPointer(body)
        }
        advance()
        return body(bytes.slice(start..<position - 1))
    }

    /// Reads `true` or `false`.
    package mutating func boolean() throws(JSONFailure) -> Bool {
        try expect(.boolean)
        let value = bytes[position] == UInt8(ascii: "t")
        try word(value ? "true" : "false")
        return value
    }

    /// Reads the next value whatever it is, and gives its text back as it is written.
    package mutating func valueText() throws(JSONFailure) -> String {
        guard kind() != nil else { throw broken("a value") }
        let start = position
        try skip()
        guard let text = String(validating: bytes.slice(start..<position), as: UTF8.self) else {
            throw broken("UTF-8 text", found: "bytes that are not UTF-8", at: start)
        }
        return text
    }

    /// Steps over `null` if that is the next value.
    package mutating func skipNull() throws(JSONFailure) -> Bool {
        guard kind() == .null else { return false }
        try word("null")
        return true
    }

    /// Steps over `text`, a word such as `null`.
    mutating func word(_ text: StaticString) throws(JSONFailure) {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count,
            (position..<end).allSatisfy({ bytes[$0] == text.utf8Start[$0 - position] })
        else { throw broken(String(describing: text)) }
        advance(by: text.utf8CodeUnitCount)
    }

    // MARK: Strings

    /// Reads a string whose opening quote is next.
    mutating func readString() throws(JSONFailure) -> String {
        advance()
        let start = position
        advance(by: bytes.endOfPlainText(from: start) - start)
        let text: String?
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            text = String(validating: bytes.slice(start..<position), as: UTF8.self)
            advance()
        } else {
            text = String(validating: try readEscapedString(from: start), as: UTF8.self)
        }
        guard let text else { throw broken("UTF-8 text", found: "bytes that are not UTF-8", at: start) }
        return text
    }

    /// Reads the rest of a string that has escapes, or does not end; `start` is its first byte.
    private mutating func readEscapedString(from start: Int) throws(JSONFailure) -> [UInt8] {
        var text = Array(bytes.slice(start..<position))
        while position < bytes.count, bytes[position] >= 0x20 {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                advance()
                return text
            }
            if byte == UInt8(ascii: "\\") {
                advance()
                try appendEscape(to: &text)
            } else {
                let end = bytes.endOfPlainText(from: position)
                text.append(contentsOf: bytes.slice(position..<end))
                advance(by: end - position)
            }
        }
        throw broken("the end of a string")
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(JSONFailure) {
        guard position < bytes.count else { throw broken("an escape") }
        let letter = bytes[position]
        if letter == UInt8(ascii: "u") {
            let scalar = try escapedScalar()
            // Halves of surrogate pairs do not come here, so that every number is a scalar.
            if let scalar = Unicode.Scalar(scalar) { text.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
            return
        }
        guard let byte = Self.escape(letter) else { throw broken("an escape") }
        text.append(byte)
        advance()
    }

    private static func escape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

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
        throw broken("a surrogate pair", found: "half of one", at: start)
    }

    private mutating func codeUnit() throws(JSONFailure) -> UInt32 {
        advance()
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Self.hexadecimal(bytes[position]) else {
                throw broken("a hexadecimal digit")
            }
            unit = unit << 4 | digit
            advance()
        }
        return unit
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
