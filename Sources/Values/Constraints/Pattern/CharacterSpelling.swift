/// How a character of a text becomes bytes: as it is, or inside the quotation marks of JSON.
///
/// In JSON each character has one spelling, so that lengths can be counted and names be compared byte by byte: what may
/// stand for itself does; `"`, `\` and five controls have two letters, and other controls are `\u00` and two digits.
enum CharacterSpelling: Sendable {
    case plain
    case quoted

    /// What JSON writes with a backslash: `\"`.
    private static let letters: [(scalar: UInt8, letter: UInt8)] = [
        (0x22, 0x22), (0x5C, 0x5C), (0x08, 0x62), (0x0C, 0x66), (0x0A, 0x6E), (0x0D, 0x72), (0x09, 0x74),
    ]
    private static let escaped = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C])

    /// The spelling of one scalar.
    func bytes(_ scalar: Unicode.Scalar) -> [UInt8] {
        guard self == .quoted, Self.escaped.contains(scalar.value) else { return Array(String(scalar).utf8) }
        let value = UInt8(scalar.value)
        if let entry = Self.letters.first(where: { $0.scalar == value }) { return [0x5C, entry.letter] }
        let digits = String(value, radix: 16)
        return Array("\\u\(value < 16 ? "000" : "00")\(digits)".utf8)
    }

    /// The spelling of a text, without quotation marks.
    func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.flatMap { bytes($0) } }

    /// One character of `set`.
    func expression(_ set: ScalarSet, in arena: inout ExpressionArena) -> ExpressionID {
        let direct = self == .quoted ? set.subtracting(Self.escaped) : set
        var parts = direct.ranges.flatMap { Self.encoded($0.lowerBound, $0.upperBound, in: &arena) }
        if self == .quoted {
            for value in UInt32(0)...0x5C where set.contains(value) && Self.escaped.contains(value) {
                if let scalar = Unicode.Scalar(value) { parts.append(arena.literal(bytes(scalar))) }
            }
        }
        return arena.choice(parts)
    }

    /// UTF-8 of the scalars from `low` to `high`, as sequences of sets of bytes.
    private static func encoded(_ low: UInt32, _ high: UInt32, in arena: inout ExpressionArena) -> [ExpressionID] {
        for bound in [UInt32(0x7F), 0x7FF, 0xFFFF] where low <= bound && bound < high {
            return encoded(low, bound, in: &arena) + encoded(bound + 1, high, in: &arena)
        }
        let (first, last) = (utf8(low), utf8(high))
        for index in 1..<max(1, first.count) {
            let mask = UInt32(1) << UInt32(6 * index) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 {
                return encoded(low, low | mask, in: &arena) + encoded((low | mask) + 1, high, in: &arena)
            }
            if high & mask != mask {
                return encoded(low, (high & ~mask) - 1, in: &arena) + encoded(high & ~mask, high, in: &arena)
            }
        }
        return [arena.sequence(zip(first, last).map { arena.bytes(ByteSet($0...$1)) })]
    }

    private static func utf8(_ scalar: UInt32) -> [UInt8] {
        Unicode.Scalar(scalar).map { Array(String($0).utf8) } ?? []
    }
}
