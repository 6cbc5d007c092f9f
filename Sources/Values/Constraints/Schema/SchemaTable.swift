/// The schemas inside of a schema, each with a number and the place where it stands.
struct SchemaTable: Sendable {
    private(set) var schemas: [SchemaText] = []
    /// `#/properties/total`.
    private(set) var places: [String] = []
    private var numbers: [String: Int] = [:]
    private let root: SchemaText

    init(_ root: SchemaText) {
        self.root = root
        _ = number(of: root, at: "#")
    }

    mutating func number(of schema: SchemaText, at place: String) -> Int {
        if let number = numbers[place] { return number }
        schemas.append(schema)
        places.append(place)
        numbers[place] = schemas.count - 1
        return schemas.count - 1
    }

    static func place(_ place: String, _ keyword: String, _ step: String? = nil) -> String {
        guard let step else { return "\(place)/\(keyword)" }
        return "\(place)/\(keyword)/\(escaped(step))"
    }

    private static func escaped(_ step: String) -> String {
        var result = ""
        for character in step.unicodeScalars {
            switch character {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// The schema to which a `$ref` points: `#`, or a path behind it.
    mutating func target(of reference: String, from place: String) throws(FormatRefusal) -> Int {
        guard reference == "#" || reference.hasPrefix("#/") else {
            throw FormatRefusal(
                "$ref \"\(reference.prefix(80))\" at \(place) is no path in this schema; only # and #/… are supported"
            )
        }
        var schema = root
        var target = "#"
        for step in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false)
        where reference.count > 1 {
            let name = Self.unescaped(String(step))
            let next: SchemaText?
            if let items = schema.array {
                next = Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil }
            } else {
                next = schema[name]
            }
            guard let next else {
                throw FormatRefusal("$ref \"\(reference.prefix(80))\" at \(place) points to nothing")
            }
            schema = next
            target += "/" + Self.escaped(name)
        }
        return number(of: schema, at: target)
    }

    private static func unescaped(_ step: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(step.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("~") else { return text }
        var result = ""
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            if scalar == "~", scalars.first == "0" || scalars.first == "1" {
                result += scalars.popFirst() == "0" ? "~" : "/"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
