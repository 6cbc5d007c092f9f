extension JSONReader {
    /// Reads a whole number that an `Int` can hold, also where it is written as `2.0` or `1e3`.
    package mutating func integer() throws(JSONFailure) -> Int {
        try wholeNumber("a whole number") { Int($0) }
    }

    /// Reads a whole number of 0 or more that a `UInt64` can hold.
    package mutating func unsigned() throws(JSONFailure) -> UInt64 {
        try wholeNumber("a whole number of 0 or more") { UInt64($0) }
    }

    /// Reads a number, rounded to the nearest double.
    package mutating func double() throws(JSONFailure) -> Double {
        try expect(.number)
        return try finite { Double($0) }
    }

    /// Reads a number, rounded to the nearest float.
    package mutating func float() throws(JSONFailure) -> Float {
        try expect(.number)
        return try finite { Float($0) }
    }

    /// Reads a number and gives it back as it is written.
    package mutating func numberText() throws(JSONFailure) -> String {
        try expect(.number)
        return try readNumber().text
    }

    /// A number as the tree has it: whole numbers that are written as such stay exact.
    mutating func numberValue() throws(JSONFailure) -> JSONValue {
        let start = self
        let (text, isPlain) = try readNumber()
        if isPlain, let exact = Int(text) { return .integer(exact) }
        self = start
        return .number(try finite { Double($0) })
    }

    // MARK: Steps

    private mutating func wholeNumber<Value>(
        _ expected: String,
        _ exact: (String) -> Value?
    ) throws(JSONFailure) -> Value {
        try expect(.number, as: expected)
        let start = position
        let (text, isPlain) = try readNumber()
        if let value = exact(text) { return value }
        guard !isPlain, let digits = Self.wholeDigits(text), let value = exact(digits) else {
            throw failure(expected, Self.shown(text), at: start)
        }
        return value
    }

    /// The digits of a number with a point or an exponent, without either.
    ///
    /// `nil` where it is not whole, or longer than any integer. Nothing is rounded on the way.
    private static func wholeDigits(_ text: String) -> String? {
        let parts = text.split { $0 == "e" || $0 == "E" }
        let halves = parts[0].split(separator: ".", maxSplits: 1)
        let fraction = halves.count > 1 ? halves[1] : ""
        let sign = halves[0].hasPrefix("-") ? "-" : ""
        var digits = (halves[0] + fraction).drop { $0 == "-" || $0 == "0" }
        guard !digits.isEmpty else { return "0" }
        guard let written = parts.count > 1 ? Int(parts[1]) : 0, abs(written) <= 1000 else { return nil }
        var exponent = written - fraction.count
        while exponent < 0, digits.last == "0" {
            digits.removeLast()
            exponent += 1
        }
        guard exponent >= 0, digits.count + exponent <= 20 else { return nil }
        return sign + digits + String(repeating: "0", count: exponent)
    }

    private mutating func finite<Value: BinaryFloatingPoint>(_ read: (String) -> Value?) throws(JSONFailure) -> Value {
        let start = position
        let (text, _) = try readNumber()
        guard let value = read(text), value.isFinite else {
            throw failure("a number in range", Self.shown(text), at: start)
        }
        return value
    }

    private static func shown(_ text: String) -> String { text.utf8.count <= 40 ? text : "\(text.prefix(40))…" }

    /// Reads `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    ///
    /// - Returns: the text, and whether it has neither a point nor an exponent.
    mutating func readNumber() throws(JSONFailure) -> (text: String, isPlain: Bool) {
        let start = position
        var isPlain = true
        if peek(UInt8(ascii: "-")) { advance() }
        if peek(UInt8(ascii: "0")) { advance() } else { try skipDigits() }
        if peek(UInt8(ascii: ".")) {
            isPlain = false
            advance()
            try skipDigits()
        }
        if peek(UInt8(ascii: "e")) || peek(UInt8(ascii: "E")) {
            isPlain = false
            advance()
            if peek(UInt8(ascii: "+")) || peek(UInt8(ascii: "-")) { advance() }
            try skipDigits()
        }
        let length = position - start
        guard length <= Self.longestNumber else {
            throw broken("a number of at most \(Self.longestNumber) characters", found: "\(length)", at: start)
        }
        return (String(decoding: bytes.slice(start..<position), as: UTF8.self), isPlain)
    }

    private static let longestNumber = 400

    private mutating func skipDigits() throws(JSONFailure) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { advance() }
        if position == start { throw broken("a digit") }
    }

    private func peek(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }
}
