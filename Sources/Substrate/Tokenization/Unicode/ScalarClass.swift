/// What the split pattern distinguishes about a scalar: `\p{L}`, `\p{N}`, `\s` or none of them.
enum ScalarClass: UInt8 {
    case other = 0
    case letter = 1
    case number = 2
    case space = 3
}

/// Classes and normalisation facts of every scalar.
struct ScalarProperties: Sendable {
    static let shared = ScalarProperties()

    private let trie: ScalarTrie

    private static let classMask: UInt8 = 0b0011
    /// Set where text with this scalar may change under NFC: marks, second halves of pairs, what decomposes for good.
    private static let unstableBit: UInt8 = 0b0100

    private init() {
        trie = ScalarTrie { bytes in
            for (text, kind) in [
                (UnicodeTables.letters, ScalarClass.letter),
                (UnicodeTables.numbers, .number),
                (UnicodeTables.spaces, .space),
            ] {
                for range in UnicodeTables.ranges(text) {
                    for scalar in range { bytes[Int(scalar)] = kind.rawValue }
                }
            }
            func markUnstable(_ scalar: UInt32) { bytes[Int(scalar)] |= Self.unstableBit }
            for (_, range) in UnicodeTables.classedRanges(UnicodeTables.combiningClasses) {
                range.forEach(markUnstable)
            }
            for (scalar, _, _) in UnicodeTables.mappings(UnicodeTables.decompositions) { markUnstable(scalar) }
            for (_, _, second) in UnicodeTables.mappings(UnicodeTables.compositions) { second.map(markUnstable) }
            Hangul.vowels.forEach(markUnstable)
            Hangul.trailing.forEach(markUnstable)
        }
    }

    /// The class of `scalar`.
    @inline(__always)
    func kind(_ scalar: UInt32) -> ScalarClass {
        switch trie[scalar] & Self.classMask {
        case ScalarClass.letter.rawValue: .letter
        case ScalarClass.number.rawValue: .number
        case ScalarClass.space.rawValue: .space
        default: .other
        }
    }

    /// Whether text that contains `scalar` has to be normalised rather than taken as it is.
    @inline(__always)
    func isUnstable(_ scalar: UInt32) -> Bool { trie[scalar] & Self.unstableBit != 0 }
}
