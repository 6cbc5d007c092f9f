/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private var words = SIMD4<UInt64>()

    static let all = ByteSet(0...255)

    init() {}

    init(_ range: ClosedRange<UInt8>) { insert(range) }

    init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

    var isEmpty: Bool { words == SIMD4() }

    /// The lowest byte.
    var first: UInt8? {
        for word in 0..<4 where words[word] != 0 { return UInt8(word * 64 + words[word].trailingZeroBitCount) }
        return nil
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    mutating func insert(_ range: ClosedRange<UInt8>) { for byte in range { insert(byte) } }

    mutating func remove(_ byte: UInt8) { words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }

    func isSubset(of other: ByteSet) -> Bool { words & ~other.words == SIMD4() }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    mutating func formIntersection(_ other: ByteSet) { words &= other.words }

    mutating func subtract(_ other: ByteSet) { words &= ~other.words }

    func forEach(_ body: (Int) -> Void) {
        for word in 0..<4 {
            var rest = words[word]
            while rest != 0 {
                body(word * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
