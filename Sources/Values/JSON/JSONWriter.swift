/// Writes a value as JSON text: keys sorted, two spaces a level, the same bytes for the same value.
package struct JSONWriter {
    package static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.write(value, indent: "")
        return writer.output + "\n"
    }

    /// The same on one line, for a safetensors header.
    package static func line(_ value: JSONValue) -> String {
        var writer = JSONWriter(pretty: false)
        writer.write(value, indent: "")
        return writer.output
    }

    private var pretty = true
    private var output = ""

    private mutating func write(_ value: JSONValue, indent: String) {
        switch value {
        case .null: output += "null"
        case .bool(let flag): output += flag ? "true" : "false"
        case .integer(let number): output += "\(number)"
        case .number(let number): output += "\(number)"
        case .string(let text): write(text)
        case .array(let items): write(items, "[", "]", indent) { $0.write($1, indent: $2) }
        case .object(let fields):
            write(fields.sorted { $0.key < $1.key }, "{", "}", indent) {
                $0.write($1.key)
                $0.output += $0.pretty ? ": " : ":"
                $0.write($1.value, indent: $2)
            }
        }
    }

    private mutating func write<Item>(
        _ items: [Item],
        _ open: String,
        _ close: String,
        _ indent: String,
        _ item: (inout JSONWriter, Item, String) -> Void
    ) {
        guard !items.isEmpty else {
            output += open + close
            return
        }
        let inner = indent + "  "
        output += open
        for (index, element) in items.enumerated() {
            if index > 0 { output += "," }
            if pretty { output += "\n" + inner }
            item(&self, element, inner)
        }
        if pretty { output += "\n" + indent }
        output += close
    }

    private mutating func write(_ text: String) {
        output += "\""
        if text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            for scalar in text.unicodeScalars { output += Self.escaped(scalar) }
        } else {
            output += text
        }
        output += "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\u{0}"..<" ":
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: return String(scalar)
        }
    }
}
