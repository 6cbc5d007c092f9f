/// Reads a JSON text (RFC 8259) front to back, each value as what the caller expects there.
///
/// Vocabularies have 150,000 members and a client's text may be long, so no tree is built and nothing is copied but the
/// strings that are asked for; and a broken file is broken at a field and a byte, which this knows. Whatever the bytes
/// are, the worst that happens is a ``JSONFailure``. Where a tree is handy, ``JSONValue`` is built by this reader.
///
/// A reader is lent to the body of `read`, and must not be kept beyond it.
package struct JSONReader {
    let bytes: BorrowedBytes
    private(set) var position = 0
    private var path: [Step] = []

    /// Objects and arrays inside each other; deeper ones are refused, since reading recurses.
    static let deepest = 128

    private enum Step {
        case key(Range<Int>)
        case index(Int)
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, skippingMark: Bool) {
        self.bytes = BorrowedBytes(bytes)
        if skippingMark, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// What the next value is, by its first character.
    package enum Kind: String {
        case object = "an object"
        case array = "an array"
        case string = "a string"
        case number = "a number"
        case boolean = "true or false"
        case null = "null"
    }

    /// The kind of the next value, or `nil` at the end or where no value starts.
    package mutating func kind() -> Kind? {
        skipSpace()
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        default: return nil
        }
    }

    // MARK: Values

    /// Reads an object, calling `member` for each key; `member` must read the value.
    package mutating func object(
        _ member: (inout JSONReader, _ key: String) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        try open(.object)
        while try !close(UInt8(ascii: "}")) {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw broken("a key in quotation marks")
            }
            let keyStart = position
            let key = try readString()
            path.append(.key(keyStart + 1..<position - 1))
            try punctuation(UInt8(ascii: ":"))
            try member(&self, key)
            path.removeLast()
            try separator(before: UInt8(ascii: "}"))
        }
    }

    /// Reads an array, calling `element` for each index; `element` must read the value.
    package mutating func array(
        _ element: (inout JSONReader, _ index: Int) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        try open(.array)
        var index = 0
        while try !close(UInt8(ascii: "]")) {
            path.append(.index(index))
            try element(&self, index)
            path.removeLast()
            index += 1
            try separator(before: UInt8(ascii: "]"))
        }
    }

    /// Reads the next value whatever it is, and forgets it.
    package mutating func skip() throws(JSONFailure) {
        switch kind() {
        case .object: try object { (reader, _) throws(JSONFailure) in try reader.skip() }
        case .array: try array { (reader, _) throws(JSONFailure) in try reader.skip() }
        case .string: _ = try readString()
        case .number: _ = try readNumber()
        case .boolean: _ = try boolean()
        case .null: try word("null")
        case nil: throw broken("a value")
        }
    }

    /// Makes sure that nothing but white space follows.
    package mutating func end() throws(JSONFailure) {
        skipSpace()
        guard position == bytes.count else { throw broken("the end") }
    }

    // MARK: Failures

    /// A failure at the present field: what the caller expected of the value just read, and what it found.
    package func failure(_ expected: String, _ found: String, at offset: Int? = nil) -> JSONFailure {
        JSONFailure(field: field, expected: expected, found: found, offset: offset ?? position)
    }

    /// A failure of the text itself, at the byte where the reader stands unless told otherwise.
    func broken(_ expected: String, found: String? = nil, at offset: Int? = nil) -> JSONFailure {
        JSONFailure(
            kind: .syntax,
            field: field,
            expected: expected,
            found: found ?? foundHere(),
            offset: offset ?? position
        )
    }

    /// Makes sure that a value of this kind is next; `name` is what the caller calls it.
    mutating func expect(_ wanted: Kind, as name: String? = nil) throws(JSONFailure) {
        guard let found = kind() else { throw broken(name ?? wanted.rawValue) }
        guard found == wanted else { throw failure(name ?? wanted.rawValue, found.rawValue) }
    }

    // MARK: Punctuation

    private mutating func open(_ wanted: Kind) throws(JSONFailure) {
        try expect(wanted)
        guard path.count < Self.deepest else { throw broken("at most \(Self.deepest) levels", found: "more") }
        position += 1
    }

    private mutating func close(_ bracket: UInt8) throws(JSONFailure) -> Bool {
        skipSpace()
        guard position < bytes.count else { throw broken("'\(Character(Unicode.Scalar(bracket)))'") }
        guard bytes[position] == bracket else { return false }
        position += 1
        return true
    }

    private mutating func punctuation(_ mark: UInt8) throws(JSONFailure) {
        skipSpace()
        guard position < bytes.count, bytes[position] == mark else {
            throw broken("'\(Character(Unicode.Scalar(mark)))'")
        }
        position += 1
    }

    /// A comma, after which there must be another element, or the closing bracket, which stays.
    private mutating func separator(before bracket: UInt8) throws(JSONFailure) {
        skipSpace()
        guard position < bytes.count, bytes[position] != bracket else { return }
        try punctuation(UInt8(ascii: ","))
        skipSpace()
        if position < bytes.count, bytes[position] == bracket { throw broken("a value") }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func advance(by count: Int = 1) { position += count }
}

extension JSONReader {
    /// The present field as people write it: `messages[0].content`; of a deep one the end.
    private var field: String {
        var text = path.count > 16 ? "…" : ""
        for step in path.suffix(16) {
            switch step {
            case .key(let range):
                // A key that a stranger made long is not repeated in an error.
                let key = String(decoding: bytes.slice(range).prefix(80), as: UTF8.self)
                text += (text.isEmpty ? "" : ".") + key + (range.count > 80 ? "…" : "")
            case .index(let index):
                text += "[\(index)]"
            }
        }
        return text
    }

    private func foundHere() -> String {
        guard position < bytes.count else { return "the end" }
        return switch bytes[position] {
        case 0x20..<0x7F: "'\(Character(Unicode.Scalar(bytes[position])))'"
        case let byte: "the byte \(byte)"
        }
    }
}
