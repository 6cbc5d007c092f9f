/// The printable characters by which byte-level vocabularies write bytes (GPT-2's `bytes_to_unicode`).
///
/// Bytes that are printable in Latin-1 stand for themselves; the other 68 are U+0100, U+0101, … in order.
enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte of each scalar below U+0144, or -1.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
        return bytes
    }()

    /// The name that a vocabulary gives to one byte.
    static func name(of byte: UInt8) -> [UInt8] {
        var name: [UInt8] = []
        UTF8Scalars.append(scalars[Int(byte)], to: &name)
        return name
    }

    /// Appends the bytes that a token's name stands for: its own UTF-8 if any character is not of the alphabet.
    static func appendBytes(of name: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        let start = result.count
        var index = 0
        while index < name.count {
            let (scalar, length) = UTF8Scalars.decode(name, at: index)
            guard scalar < bytes.count, bytes[Int(scalar)] >= 0 else {
                result.removeSubrange(start...)
                result.append(contentsOf: name)
                return
            }
            result.append(UInt8(bytes[Int(scalar)]))
            index += length
        }
    }
}
