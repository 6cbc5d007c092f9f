/// Writing JSON by appending to bytes, for output whose speed matters.
package enum JSONText {
    /// Appends `text` in quotes; only what must be escaped is.
    package static func append(quoting text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated() where needsEscape(byte) {
                output.append(contentsOf: bytes[start..<index])
                output.append(contentsOf: escape(byte).utf8)
                start = index + 1
            }
            output.append(contentsOf: bytes[start...])
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends `[1,2,3]`.
    package static func append(_ numbers: [Int32], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (index, number) in numbers.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            append(number, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func append(_ number: Int32, to output: inout [UInt8]) {
        if number < 0 { output.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = output.count
        repeat {
            output.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        output[start...].reverse()
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""): return "\\\""
        case UInt8(ascii: "\\"): return "\\\\"
        case 0x0A: return "\\n"
        case 0x0D: return "\\r"
        case 0x09: return "\\t"
        default:
            let digits = String(byte, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}
