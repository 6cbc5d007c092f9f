package import Foundation

/// A message and the raw bytes that came with it.
package struct Received<Message: Sendable>: Sendable {
    package let message: Message
    /// Empty for most messages.
    package let attachment: Data

    package init(message: Message, attachment: Data = Data()) {
        self.message = message
        self.attachment = attachment
    }
}

/// One unit on the wire.
///
/// ```
/// length  UInt32, little-endian: the bytes that follow the kind
/// kind    UInt8: 1 message, 2 message with attachment
/// 1:      JSON
/// 2:      UInt32, little-endian: the JSON's length;  JSON;  raw bytes
/// ```
struct Frame: Equatable {
    enum Kind: UInt8 {
        case message = 1
        case attached = 2
    }

    static let headerBytes = 5

    var json: Data
    var attachment = Data()

    /// The frame as chunks to send one after the other, so that a large attachment is not copied.
    func chunks() -> [Data] {
        guard !attachment.isEmpty else {
            return [Self.littleEndian(json.count) + [Kind.message.rawValue] + json]
        }
        return [head(attachmentBytes: attachment.count), attachment]
    }

    /// What stands in front of an attachment of so many bytes.
    func head(attachmentBytes count: Int) -> Data {
        Self.littleEndian(4 + json.count + count) + [Kind.attached.rawValue] + Self.littleEndian(json.count) + json
    }

    /// Appends a frame without an attachment, whose JSON `write` appends.
    static func append(to bytes: inout [UInt8], _ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        for _ in 0..<headerBytes { bytes.append(Kind.message.rawValue) }
        write(&bytes)
        let count = bytes.count - start - headerBytes
        precondition(count <= UInt32.max, "a frame of \(count) bytes does not fit its length field")
        for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: count >> (8 * place)) }
    }

    private static func littleEndian(_ count: Int) -> Data {
        precondition(count <= UInt32.max, "a frame of \(count) bytes does not fit its length field")
        return withUnsafeBytes(of: UInt32(count).littleEndian) { Data($0) }
    }
}

/// Messages to JSON and back.
enum MessageCoding {
    static func frame(_ message: some Encodable, attachment: Data) -> Frame {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy =
            .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let json = try? encoder.encode(message) else { preconditionFailure("\(message) has no JSON") }
        return Frame(json: json, attachment: attachment)
    }

    static func decode<Message: Decodable & Sendable>(
        _ type: Message.Type,
        from frame: Frame
    ) throws(LinkError) -> Received<Message> {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy =
            .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let message = try? decoder.decode(type, from: frame.json) else {
            throw .badFrame("\(frame.json.count) bytes that are no \(type)")
        }
        return Received(message: message, attachment: frame.attachment)
    }
}
