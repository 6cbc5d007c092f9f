/// Bytes of somebody else's that are not copied; a place outside them is a trap, as it is with an array.
struct BorrowedBytes {
    private let buffer: UnsafeBufferPointer<UInt8>

    init(_ buffer: UnsafeBufferPointer<UInt8>) { self.buffer = buffer }

    var count: Int { buffer.count }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: buffer.count))
        return buffer[index]
    }

    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
        return UnsafeBufferPointer(rebasing: buffer[range])
    }

    /// The first place from `start` on where a string ends or is no plain text: a quote, a backslash, a control.
    func endOfPlainText(from start: Int) -> Int {
        var index = start
        while index < buffer.count, buffer[index] >= 0x20, buffer[index] != UInt8(ascii: "\""),
            buffer[index] != UInt8(ascii: "\\")
        { index += 1 }
        return index
    }
}
