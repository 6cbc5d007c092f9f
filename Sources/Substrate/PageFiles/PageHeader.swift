internal import Digests
package import Requests

/// What stands at the beginning of a page's file.
///
/// Little-endian:
///
/// | bytes | |
/// |---|---|
/// | 8 | `FLOTPAGE` |
/// | 4, 4, 8 | version 1, layers, bytes of a layer |
/// | 32 | the identity of ``PageShape`` |
/// | 8, 8 | the page's key, high and low |
/// | 4 a layer | CRC-32 of the layer's bytes |
/// | 4 | CRC-32 of all before |
///
/// The layers follow, first to last.
package struct PageHeader: Sendable, Equatable {
    package let shape: PageShape
    package let key: PageKey
    package let checksums: [UInt32]

    private static let mark = Array("FLOTPAGE".utf8)
    private static let version: UInt32 = 1

    static func byteCount(layers: Int) -> Int { 72 + 4 * layers + 4 }

    package init(_ shape: PageShape, _ key: PageKey, checksums: [UInt32]) {
        (self.shape, self.key, self.checksums) = (shape, key, checksums)
    }

    package var bytes: [UInt8] {
        var bytes = Self.mark
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        append(Self.version)
        append(UInt32(shape.layers))
        append(UInt64(shape.layerBytes))
        bytes += shape.identity
        append(key.high)
        append(key.low)
        for checksum in checksums { append(checksum) }
        append(bytes.withUnsafeBytes { CRC32.of($0) })
        return bytes
    }

    /// Reads the header of the file that is to hold a page.
    package init(_ bytes: [UInt8], of key: PageKey, _ shape: PageShape) throws(PageFailure) {
        guard bytes.count == Self.byteCount(layers: shape.layers) else { throw .truncated }
        guard bytes.prefix(8).elementsEqual(Self.mark) else { throw .foreign }
        let words = stride(from: 0, to: bytes.count, by: 4).map { place in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * $1) }
        }
        let body = bytes.count - 4
        guard words.last == bytes.withUnsafeBytes({ CRC32.of(UnsafeRawBufferPointer(rebasing: $0[..<body])) }) else {
            throw .damaged
        }
        self.init(shape, key, checksums: Array(words[18..<(words.count - 1)]))
        // All else is equal, or it is no page of these.
        guard self.bytes == bytes else { throw .foreign }
    }
}
