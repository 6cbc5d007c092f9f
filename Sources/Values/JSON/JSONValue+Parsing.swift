extension JSONValue {
    /// The one value that `bytes` hold, with nothing but white space around it.
    ///
    /// Stricter than Foundation, which rounds integers above 2⁵³ and takes one of two equal keys without a word: what a
    /// checkpoint says must be exact, and must not be two things. A byte order mark is refused, as Python refuses it.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONFailure) {
        self = try JSONReader.read(bytes, skippingMark: false) { (reader) throws(JSONFailure) in try reader.value() }
    }
}

extension JSONReader {
    /// Reads the next value as a tree; a key that occurs twice in an object is refused.
    package mutating func value() throws(JSONFailure) -> JSONValue {
        switch kind() {
        case .object:
            var fields: [String: JSONValue] = [:]
            try object { (reader, key) throws(JSONFailure) in
                let start = reader.position
                guard fields.updateValue(try reader.value(), forKey: key) == nil else {
                    throw reader.failure("each key once", "it again", at: start)
                }
            }
            return .object(fields)
        case .array:
            var items: [JSONValue] = []
            try array { (reader, _) throws(JSONFailure) in items.append(try reader.value()) }
            return .array(items)
        case .string: return .string(try readString())
        case .number: return try numberValue()
        case .boolean: return .bool(try boolean())
        case .null:
            try word("null")
            return .null
        case nil: throw broken("a value")
        }
    }
}
