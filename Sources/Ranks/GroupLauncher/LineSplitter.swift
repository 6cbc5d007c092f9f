/// Bytes as they arrive, to lines of bounded length.
struct LineSplitter {
    /// A longer line is cut into several.
    private let limit: Int
    private var unfinished: [UInt8] = []

    init(limit: Int = 8192) { self.limit = limit }

    /// The lines that `bytes` complete, without their ends.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || unfinished.count == limit { lines.append(finish()) }
            if byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { unfinished.append(byte) }
        }
        return lines
    }

    /// What is left at the end, if anything.
    mutating func flush() -> String? { unfinished.isEmpty ? nil : finish() }

    private mutating func finish() -> String {
        defer { unfinished.removeAll(keepingCapacity: true) }
        return String(decoding: unfinished, as: UTF8.self)
    }
}
