/// The classes of characters that have a letter in ECMA-262.
enum PatternClasses {
    static let lineEnds = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
    private static let digits = ScalarSet([0x30...0x39])
    private static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    private static let space = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000,
    ])
    /// What ECMA-262 and Python, whose programs check many an answer, do not agree about: in neither `\s` nor `\S`.
    private static let disputed = ScalarSet([0x1C...0x1F, 0x85...0x85, 0xFEFF...0xFEFF])

    static func named(_ letter: Unicode.Scalar) -> ScalarSet? {
        switch letter {
        case "d": digits
        case "D": digits.inverted
        case "w": word
        case "W": word.inverted
        case "s": space
        case "S": space.union(disputed).inverted
        case "t": ScalarSet(0x09)
        case "n": ScalarSet(0x0A)
        case "v": ScalarSet(0x0B)
        case "f": ScalarSet(0x0C)
        case "r": ScalarSet(0x0D)
        default: nil
        }
    }
}
