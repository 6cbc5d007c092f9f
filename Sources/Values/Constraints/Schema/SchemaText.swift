internal import JSON

/// A JSON value as a schema needs it: members in their order, numbers as they are written.
enum SchemaText: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(ExactDecimal)
    case string(String)
    case array([SchemaText])
    case object([Member])

    struct Member: Equatable, Sendable {
        var key: String
        var value: SchemaText
    }

    /// Reads the next value.
    static func read(_ reader: inout JSONReader) throws(JSONFailure) -> SchemaText {
        switch reader.kind() {
        case .null:
            _ = try reader.skipNull()
            return .null
        case .boolean: return .bool(try reader.boolean())
        case .string: return .string(try reader.string())
        case .number:
            let text = try reader.numberText()
            guard let number = ExactDecimal(text) else { throw reader.failure("a number in range", text) }
            return .number(number)
        case .array:
            var items: [SchemaText] = []
            try reader.array { (reader, _) throws(JSONFailure) in items.append(try read(&reader)) }
            return .array(items)
        case .object:
            var members: [Member] = []
            var keys: Set<String> = []
            try reader.object { (reader, key) throws(JSONFailure) in
                guard keys.insert(key).inserted else { throw reader.failure("each key once", "it again") }
                members.append(Member(key: key, value: try read(&reader)))
            }
            return .object(members)
        case nil:
            try reader.skip()
            return .null
        }
    }

    subscript(key: String) -> SchemaText? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var array: [SchemaText]? { if case .array(let items) = self { items } else { nil } }
    var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var number: ExactDecimal? { if case .number(let number) = self { number } else { nil } }
    var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// Whether both are the same value to JSON Schema: members in any order.
    func equals(_ other: SchemaText) -> Bool {
        switch (self, other) {
        case (.array(let own), .array(let others)):
            return own.count == others.count && zip(own, others).allSatisfy { $0.equals($1) }
        case (.object(let own), .object(let others)):
            guard own.count == others.count else { return false }
            return own.allSatisfy { member in other[member.key].map { member.value.equals($0) } ?? false }
        default: return self == other
        }
    }

    /// The one text that stands for it in an answer: without white space.
    var spelling: [UInt8] {
        switch self {
        case .null: return Array("null".utf8)
        case .bool(let flag): return Array((flag ? "true" : "false").utf8)
        case .number(let number): return Array(number.spelling.utf8)
        case .string(let text): return Self.quoted(text)
        case .array(let items): return Self.joined(items.map(\.spelling), "[", "]")
        case .object(let members):
            let colon = Array(":".utf8)
            return Self.joined(members.map { Self.quoted($0.key) + colon + $0.value.spelling }, "{", "}")
        }
    }

    static func quoted(_ text: String) -> [UInt8] {
        [0x22] + CharacterSpelling.quoted.bytes(text) + [0x22]
    }

    private static func joined(_ parts: [[UInt8]], _ open: String, _ close: String) -> [UInt8] {
        Array(open.utf8) + parts.joined(separator: ",".utf8) + Array(close.utf8)
    }
}
