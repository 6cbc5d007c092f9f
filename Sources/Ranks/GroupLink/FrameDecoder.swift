import Foundation

/// Bytes as they arrive, to whole frames.
///
/// A length is compared with the limits before it is believed, and memory grows only with bytes that did arrive.
struct FrameDecoder {
    var limits: LinkLimits
    private var header: [UInt8] = []
    private var kind = Frame.Kind.message
    private var remaining: Int?
    private var body = Data()

    init(limits: LinkLimits) { self.limits = limits }

    /// Takes in `bytes` and calls `deliver` for each frame that they complete.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, deliver: (Frame) throws(LinkError) -> Void) throws(LinkError) {
        var rest = bytes
        while !rest.isEmpty {
            guard let needed = remaining else {
                header += Self.take(Frame.headerBytes - header.count, from: &rest)
                if header.count == Frame.headerBytes { try beginBody() }
                continue
            }
            let taken = Self.take(needed, from: &rest)
            // By pointer and count: a generic append goes byte by byte in debug builds.
            if let base = taken.bindMemory(to: UInt8.self).baseAddress { body.append(base, count: taken.count) }
            remaining = needed - taken.count
            if remaining == 0 { try deliver(try finishBody()) }
        }
    }

    /// The first `count` bytes, or all if there are fewer.
    private static func take(_ count: Int, from rest: inout UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let count = min(count, rest.count)
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }

    private mutating func beginBody() throws(LinkError) {
        let length = Self.littleEndian(header)
        guard let kind = Frame.Kind(rawValue: header[4]) else { throw .badFrame("a frame of kind \(header[4])") }
        let limit = kind == .message ? limits.messageBytes : limits.attachedBytes
        guard length > 0, length <= limit else {
            throw .badFrame("a frame of \(length) bytes, where 1...\(limit) are allowed")
        }
        self.kind = kind
        remaining = length
    }

    private mutating func finishBody() throws(LinkError) -> Frame {
        defer {
            header.removeAll(keepingCapacity: true)
            remaining = nil
            body = Data()
        }
        guard kind == .attached else { return Frame(json: body) }
        guard body.count >= 4 else { throw .badFrame("a frame with attachment of \(body.count) bytes") }
        let length = Self.littleEndian(body.prefix(4))
        guard length <= limits.messageBytes, length <= body.count - 4 else {
            throw .badFrame("a message of \(length) bytes in a frame of \(body.count) bytes")
        }
        return Frame(json: body.subdata(in: 4..<4 + length), attachment: body.subdata(in: 4 + length..<body.count))
    }

    private static func littleEndian(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    }
}
