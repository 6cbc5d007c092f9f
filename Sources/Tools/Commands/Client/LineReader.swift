import Diagnostics
import Foundation

/// The lines of a file descriptor, read in pieces, so that input without an end is no problem.
struct LineReader {
    private static let pieceSize = 1 << 16

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Where the next line starts in `buffer`.
    private var start = 0
    private var isAtEnd = false

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Whether the next line can be had without reading, and so without waiting.
    var hasLine: Bool { buffer[start...].contains(UInt8(ascii: "\n")) }

    /// The next line without its line feed, or `nil` at the end; a last line need not be terminated.
    mutating func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return Array(buffer[start...])
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    private mutating func fill() throws {
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.pieceSize))
        let count = buffer.withUnsafeMutableBytes { bytes in
            var count = read(descriptor, bytes.baseAddress?.advanced(by: old), Self.pieceSize)
            while count < 0, errno == EINTR {
                count = read(descriptor, bytes.baseAddress?.advanced(by: old), Self.pieceSize)
            }
            return count
        }
        guard count >= 0 else { throw UsageError("standard input cannot be read: \(String(cString: strerror(errno)))") }
        buffer.removeLast(Self.pieceSize - count)
        isAtEnd = count == 0
    }
}
