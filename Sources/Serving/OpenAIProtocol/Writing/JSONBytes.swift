package import JSON

/// Writes JSON by appending, members in the order in which they are given.
///
/// Chunks of a stream go out for every token, and clients' authors read them: an encoder with sorted keys would be neither
/// fast nor friendly.
package struct JSONBytes: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Whether a value stands before the next one, which a comma then parts from it.
    private var isBehindValue = false

    package init() {}

    /// Goes on behind `start`, where a value is expected next.
    ///
    /// - Parameter room: bytes that will come behind it, more or less.
    init(behind start: [UInt8], room: Int) {
        bytes.reserveCapacity(start.count + room)
        bytes.append(contentsOf: start)
    }

    /// Everything, and what closes the objects that `init(behind:room:)` found open.
    consuming func closed(by end: StaticString) -> [UInt8] {
        end.withUTF8Buffer { bytes.append(contentsOf: $0) }
        return bytes
    }

    package static func object(_ body: (inout JSONBytes) -> Void) -> [UInt8] {
        var json = JSONBytes()
        json.object(body)
        return json.bytes
    }

    // MARK: - Values

    package mutating func object(_ body: (inout JSONBytes) -> Void) { enclose("{", "}", body) }

    package mutating func array(_ body: (inout JSONBytes) -> Void) { enclose("[", "]", body) }

    package mutating func value(_ text: String) {
        part()
        JSONText.append(quoting: text, to: &bytes)
    }

    package mutating func value(_ number: some BinaryInteger) { raw("\(number)") }

    /// A number that is finite.
    package mutating func value(_ number: Float) { raw("\(number)") }

    package mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

    /// A value that is JSON already.
    package mutating func raw(_ json: some Collection<UInt8>) {
        part()
        bytes.append(contentsOf: json)
    }

    package mutating func raw(_ json: String) { raw(json.utf8) }

    // MARK: - Members

    package mutating func key(_ name: String) {
        part()
        JSONText.append(quoting: name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        isBehindValue = false
    }

    /// A member whose value is `null` where there is none.
    package mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { value(text) } else { raw("null") }
    }

    package mutating func member(_ name: String, _ number: (some BinaryInteger)?) {
        key(name)
        if let number { value(number) } else { raw("null") }
    }

    package mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    package mutating func member(_ name: String, raw json: some Collection<UInt8>) {
        key(name)
        raw(json)
    }

    package mutating func null(_ name: String) { member(name, raw: "null".utf8) }

    package mutating func object(_ name: String, _ body: (inout JSONBytes) -> Void) {
        key(name)
        object(body)
    }

    package mutating func array(_ name: String, _ body: (inout JSONBytes) -> Void) {
        key(name)
        array(body)
    }

    /// Members of a tree, by name.
    package mutating func members(_ fields: [String: JSONValue]) {
        for (name, field) in fields.sorted(by: { $0.key < $1.key }) { member(name, raw: JSONWriter.line(field).utf8) }
    }

    /// Members of an object that is JSON already, as they stand there; what is no object has none.
    mutating func members(ofObject json: String, without names: Set<String>) {
        try? JSONReader.read(json) { (reader) throws(JSONFailure) in
            try reader.object { (reader, key) throws(JSONFailure) in
                let text = try reader.valueText()
                if !names.contains(key) { member(key, raw: text.utf8) }
            }
        }
    }

    private mutating func enclose(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONBytes) -> Void) {
        part()
        bytes.append(UInt8(ascii: open))
        isBehindValue = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        isBehindValue = true
    }

    private mutating func part() {
        if isBehindValue { bytes.append(UInt8(ascii: ",")) }
        isBehindValue = true
    }
}
