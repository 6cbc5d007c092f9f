/// One value of a JSON text.
///
/// Integers that are written as integers stay exact: the offsets in a safetensors header go beyond what a
/// double holds.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What an error message calls this value: short, whatever the value's size.
    package var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value.count <= 60 ? "\"\(value)\"" : "\"\(value.prefix(60))…\""
        case .array(let items): "an array of \(items.count)"
        case .object(let fields): "an object of \(fields.count) fields"
        }
    }

    /// The value as an integer: also 448.0 and 1e6, which mean integers in JSON.
    package var exactInteger: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var object: [String: JSONValue]? {
        if case .object(let fields) = self { fields } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let items) = self { items } else { nil }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }
}
