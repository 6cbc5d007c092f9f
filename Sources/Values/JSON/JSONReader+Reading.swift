extension JSONReader {
    /// Reads all of `bytes` by `body`, behind whose value nothing but white space may follow.
    ///
    /// A byte order mark is skipped, as Windows' editors write one, unless `skippingMark` is false.
    package static func read<Value>(
        _ bytes: UnsafeRawBufferPointer,
        skippingMark: Bool = true,
        _ body: (inout JSONReader) throws(JSONFailure) -> Value
    ) throws(JSONFailure) -> Value {
        let result = bytes.withMemoryRebound(to: UInt8.self) { bytes in
            Result { () throws(JSONFailure) in
                var reader = JSONReader(bytes, skippingMark: skippingMark)
                let value = try body(&reader)
                try reader.end()
                return value
            }
        }
        return try result.get()
    }

    /// Reads all of `bytes` by `body`.
    package static func read<Value>(
        _ bytes: [UInt8],
        _ body: (inout JSONReader) throws(JSONFailure) -> Value
    ) throws(JSONFailure) -> Value {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONFailure) in try read(bytes, body) }
        }
        return try result.get()
    }

    /// Reads all of `text` by `body`.
    package static func read<Value>(
        _ text: String,
        _ body: (inout JSONReader) throws(JSONFailure) -> Value
    ) throws(JSONFailure) -> Value {
        var text = text
        let result = text.withUTF8 { bytes in
            Result { () throws(JSONFailure) in try read(UnsafeRawBufferPointer(bytes), body) }
        }
        return try result.get()
    }
}
