/// Reads a JSON text front to back, each value as what the caller expects there.
///
/// Vocabularies have 150,000 members and a client's text may be long, so no tree is built; and a broken file is broken at
/// a field and a byte, which this knows. Whatever the bytes are, the worst that happens is a ``JSONFailure``.
package struct JSONReader {
    let bytes: [UInt8]
    private(set) var position = 0
    private var path: [Step] = []

    /// Objects and arrays inside each other; deeper ones are refused, since reading recurses.
    static let deepest = 128

    private enum Step {
        case key(Range<Int>)
        case index(Int)
    }

    /// A reader of `bytes`; a byte order mark is skipped, and text that is not UTF-8 is refused.
    package init(_ bytes: [UInt8]) throws(JSONFailure) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if String(validating: bytes, as: UTF8.self) == nil { throw failure("UTF-8 text", "bytes that are not UTF-8") }
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
            let keyStart = position
            let key = try string()
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

    /// Reads a string.
    package mutating func string() throws(JSONFailure) -> String {
        try expect(.string)
        return try readString()
    }

    /// Reads a whole number that an `Int` can hold.
    package mutating func integer() throws(JSONFailure) -> Int {
        try expect(.number)
        let start = position
        try skipNumber()
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int(text) else { throw failure("a whole number", text, at: start) }
        return value
    }

    /// Reads `true` or `false`.
    package mutating func boolean() throws(JSONFailure) -> Bool {
        try expect(.boolean)
        let value = bytes[position] == UInt8(ascii: "t")
        try word(value ? "true" : "false")
        return value
    }

    /// Reads the next value whatever it is, and forgets it.
    package mutating func skip() throws(JSONFailure) {
        switch kind() {
        case .object: try object { (reader, _) throws(JSONFailure) in try reader.skip() }
        case .array: try array { (reader, _) throws(JSONFailure) in try reader.skip() }
        case .string: _ = try readString()
        case .number: try skipNumber()
        case .boolean: _ = try boolean()
        case .null: try word("null")
        case nil: throw failure("a value", foundHere())
        }
    }

    /// Makes sure that nothing but white space follows.
    package mutating func end() throws(JSONFailure) {
        skipSpace()
        guard position == bytes.count else { throw failure("the end", foundHere()) }
    }

    // MARK: Failures

    /// A failure at the present field: what the caller expected of the value just read, and what it found.
    package func failure(_ expected: String, _ found: String, at offset: Int? = nil) -> JSONFailure {
        var field = ""
        for step in path {
            switch step {
            case .key(let range):
                field += (field.isEmpty ? "" : ".") + String(decoding: bytes[range], as: UTF8.self)
            case .index(let index):
                field += "[\(index)]"
            }
        }
        return JSONFailure(field: field, expected: expected, found: found, offset: offset ?? position)
    }

    private mutating func expect(_ wanted: Kind) throws(JSONFailure) {
        let found = kind()
        guard found == wanted else { throw failure(wanted.rawValue, found?.rawValue ?? foundHere()) }
    }

    func foundHere() -> String {
        guard position < bytes.count else { return "the end" }
        return switch bytes[position] {
        case 0x20..<0x7F: "'\(Character(Unicode.Scalar(bytes[position])))'"
        case let byte: "the byte \(byte)"
        }
    }

    // MARK: Punctuation

    private mutating func open(_ wanted: Kind) throws(JSONFailure) {
        try expect(wanted)
        guard path.count < Self.deepest else { throw failure("at most \(Self.deepest) levels", "more") }
        position += 1
    }

    private mutating func close(_ bracket: UInt8) throws(JSONFailure) -> Bool {
        skipSpace()
        guard position < bytes.count else { throw failure("'\(Character(Unicode.Scalar(bracket)))'", foundHere()) }
        guard bytes[position] == bracket else { return false }
        position += 1
        return true
    }

    private mutating func punctuation(_ mark: UInt8) throws(JSONFailure) {
        skipSpace()
        guard position < bytes.count, bytes[position] == mark else {
            throw failure("'\(Character(Unicode.Scalar(mark)))'", foundHere())
        }
        position += 1
    }

    /// A comma, after which there must be another element, or the closing bracket, which stays.
    private mutating func separator(before bracket: UInt8) throws(JSONFailure) {
        skipSpace()
        guard position < bytes.count, bytes[position] != bracket else { return }
        try punctuation(UInt8(ascii: ","))
        skipSpace()
        if position < bytes.count, bytes[position] == bracket { throw failure("a value", foundHere()) }
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
