/// A fast hash of short byte strings, for tables that live inside one process.
///
/// Eight bytes a step, multiply and fold. The seed is drawn at start, so that nobody can prepare colliding words.
enum ByteHash {
    private static let seed = UInt64.random(in: .min ... .max)

    @inline(__always)
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        var rest = UnsafeRawBufferPointer(bytes)
        while rest.count >= 8 {
            state = fold(state ^ rest.loadUnaligned(as: UInt64.self))
            rest = UnsafeRawBufferPointer(rebasing: rest[8...])
        }
        var tail: UInt64 = 0
        for byte in rest { tail = tail << 8 | UInt64(byte) }
        return fold(state ^ tail)
    }

    @inline(__always)
    private static func fold(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return high ^ low
    }
}
