/// Writes a value as JSON text: keys sorted, two spaces a level, the same bytes for the same value.
package struct JSONWriter {
    package static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.write(value, indent: "")
        return String(decoding: writer.output, as: UTF8.self) + "\n"
    }

    /// The same on one line, for a safetensors header.
    package static func line(_ value: JSONValue) -> String {
        var writer = JSONWriter(pretty: false)
        writer.write(value, indent: "")
        return String(decoding: writer.output, as: UTF8.self)
    }

    private var pretty = true
    private var output: [UInt8] = []

    private mutating func write(_ value: JSONValue, indent: String) {
        switch value {
        case .null: write("null")
        case .bool(let flag): write(flag ? "true" : "false")
        case .integer(let number): write("\(number)")
        case .number(let number): write("\(number)")
        case .string(let text): JSONText.append(quoting: text, to: &output)
        case .array(let items): write(items, "[", "]", indent) { $0.write($1, indent: $2) }
        case .object(let fields):
            write(fields.sorted { $0.key < $1.key }, "{", "}", indent) {
                JSONText.append(quoting: $1.key, to: &$0.output)
                $0.write($0.pretty ? ": " : ":")
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
        guard !items.isEmpty else { return write(open + close) }
        let inner = indent + "  "
        write(open)
        for (index, element) in items.enumerated() {
            if index > 0 { write(",") }
            if pretty { write("\n" + inner) }
            item(&self, element, inner)
        }
        if pretty { write("\n" + indent) }
        write(close)
    }

    private mutating func write(_ text: String) { output.append(contentsOf: text.utf8) }
}
