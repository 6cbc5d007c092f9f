/// Cuts a body of `text/event-stream` into the data of its events, whatever pieces it comes in.
///
/// Lines end in LF, CRLF or CR; lines of `data:` are joined, comments and other fields passed over.
///
/// Source: WHATWG HTML, 9.2.6, "Interpreting an event stream".
package struct ServerSentEvents: Sendable {
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    /// The last byte was a CR: a LF behind it ends no other line.
    private var endedInReturn = false

    package init() {}

    /// Takes the next piece; the data of the events that it completes.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            let isSecondHalf = endedInReturn && byte == UInt8(ascii: "\n")
            endedInReturn = byte == UInt8(ascii: "\r")
            if isSecondHalf { continue }
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                line.append(byte)
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private static let field = Array("data".utf8)

    private mutating func endLine() -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty {
            defer { (data, hasData) = ([], false) }
            return hasData ? data : nil
        }
        guard line.starts(with: Self.field) else { return nil }
        var value = line.dropFirst(Self.field.count)
        if !value.isEmpty {
            guard value.first == UInt8(ascii: ":") else { return nil }
            value = value.dropFirst()
            if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        }
        if hasData { data.append(UInt8(ascii: "\n")) }
        data += value
        hasData = true
        return nil
    }
}
