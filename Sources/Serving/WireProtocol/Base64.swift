/// Bytes written as text (RFC 4648, section 4), possibly in lines as mail does it (RFC 2045).
///
/// Foundation takes `====`, `ABC==` and `AB=C`, and blanks only together with every other byte that is not of the alphabet.
package enum Base64 {
    /// The bytes that `text` stands for, or `nil` where it is not base64: the alphabet of web addresses, missing padding
    /// and anything behind the padding are refused, since they are more often a mistake than meant.
    ///
    /// Line ends, spaces and tabs count for nothing.
    package static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? { decode(text, isStrict: true) }

    /// The same, where the letters of web addresses (RFC 4648, section 5) and missing padding are taken as well, as
    /// browsers and other servers take them in a `data:` URL.
    package static func decodeLeniently(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        decode(text, isStrict: false)
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>, isStrict: Bool) -> [UInt8]? {
        var isRight = true
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { bytes, count in
            var decoder = Decoder(isStrict: isStrict)
            let values = isStrict ? Self.values : lenientValues
            isRight = values.withUnsafeBufferPointer { decoder.decode(text, $0, into: bytes) }
            count = decoder.count
        }
        return isRight ? bytes : nil
    }

    private static let blank: UInt8 = 64
    private static let padding: UInt8 = 65
    private static let foreign: UInt8 = 66

    /// What each byte stands for: six bits, or one of the three above.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: foreign, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, letter) in alphabet.utf8.enumerated() { values[Int(letter)] = UInt8(value) }
        for letter in " \t\r\n".utf8 { values[Int(letter)] = blank }
        values[Int(UInt8(ascii: "="))] = padding
        return values
    }()

    private static let lenientValues: [UInt8] = {
        var values = Self.values
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()

    private struct Decoder {
        /// Whether what is missing of the padding is missed.
        let isStrict: Bool
        var count = 0
        private var bits: UInt32 = 0
        /// Letters of the present group of four, and paddings seen.
        private var letters = 0
        private var paddings = 0

        init(isStrict: Bool) { self.isStrict = isStrict }

        mutating func decode(
            _ text: UnsafeBufferPointer<UInt8>,
            _ values: UnsafeBufferPointer<UInt8>,
            into bytes: UnsafeMutableBufferPointer<UInt8>
        ) -> Bool {
            var index = 0
            while index < text.count {
                if letters == 0, paddings == 0 { index = decodeGroups(text, from: index, values, into: bytes) }
                guard index < text.count else { break }
                guard take(values[Int(text[index])], into: bytes) else { return false }
                index += 1
            }
            // Of one letter alone no byte can be made.
            return isStrict || paddings > 0 ? (letters + paddings) % 4 == 0 : letters != 1
        }

        /// Decodes groups of four letters without anything between them; returns where they end.
        private mutating func decodeGroups(
            _ text: UnsafeBufferPointer<UInt8>,
            from start: Int,
            _ values: UnsafeBufferPointer<UInt8>,
            into bytes: UnsafeMutableBufferPointer<UInt8>
        ) -> Int {
            var index = start
            while index + 4 <= text.count {
                let a = values[Int(text[index])], b = values[Int(text[index + 1])]
                let c = values[Int(text[index + 2])], d = values[Int(text[index + 3])]
                guard (a | b | c | d) < 64 else { break }
                let group = UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
                bytes[count] = UInt8(truncatingIfNeeded: group >> 16)
                bytes[count + 1] = UInt8(truncatingIfNeeded: group >> 8)
                bytes[count + 2] = UInt8(truncatingIfNeeded: group)
                count += 3
                index += 4
            }
            return index
        }

        /// Takes one letter, blank or padding; false where it cannot stand there.
        private mutating func take(_ value: UInt8, into bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool {
            switch value {
            case blank: return true
            case padding:
                paddings += 1
                return letters >= 2 && letters + paddings <= 4
            case foreign: return false
            default:
                guard paddings == 0 else { return false }
                bits = bits << 6 | UInt32(value)
                letters += 1
                // A byte is whole with the second, third and fourth letter.
                if letters > 1 {
                    bytes[count] = UInt8(truncatingIfNeeded: bits >> UInt32(8 - 2 * letters))
                    count += 1
                }
                if letters == 4 { letters = 0 }
                return true
            }
        }
    }
}
