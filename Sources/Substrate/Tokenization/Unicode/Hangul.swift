/// The arithmetic of Hangul syllables (Unicode Standard, section 3.12).
enum Hangul {
    static let syllables: Range<UInt32> = 0xAC00..<0xAC00 + 19 * 21 * 28
    static let leading: Range<UInt32> = 0x1100..<0x1113
    static let vowels: Range<UInt32> = 0x1161..<0x1176
    /// Without the index 0, which means "no trailing consonant".
    static let trailing: Range<UInt32> = 0x11A8..<0x11C3

    /// The syllable of a leading consonant and a vowel, or of a two-part syllable and a trailing consonant.
    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            return syllables.lowerBound + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
        }
        if syllables.contains(first), (first - 0xAC00) % 28 == 0, trailing.contains(second) {
            return first + (second - 0x11A7)
        }
        return nil
    }

    /// The two or three letters of a syllable.
    static func decompose(_ syllable: UInt32, _ emit: (UInt32) -> Void) {
        let index = syllable - syllables.lowerBound
        emit(0x1100 + index / 588)
        emit(0x1161 + index % 588 / 28)
        if index % 28 != 0 { emit(0x11A7 + index % 28) }
    }
}
