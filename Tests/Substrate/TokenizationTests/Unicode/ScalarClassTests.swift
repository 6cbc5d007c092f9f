import Testing

@testable import Tokenization

@Suite struct ScalarClassTests {
    @Test(
        arguments: [
            ("a", .letter), ("é", .letter), ("字", .letter), ("ʰ", .letter), ("1", .number), ("½", .number),
            ("Ⅷ", .number),
            (" ", .space), ("\n", .space), ("\u{85}", .space), ("\u{3000}", .space), ("\u{2028}", .space),
            ("!", .other),
            ("\u{301}", .other), ("\u{200B}", .other), ("\u{FEFF}", .other), ("_", .other), ("😀", .other),
            ("\0", .other),
        ] as [(Unicode.Scalar, ScalarClass)]
    )
    func `Scalars have the class that the split pattern gives them`(scalar: Unicode.Scalar, expected: ScalarClass) {
        #expect(ScalarProperties.shared.kind(scalar.value) == expected)
    }

    /// The counts of Unicode 16, which the reference's regex engine has.
    @Test func `The tables hold as many letters, numbers and spaces as the reference has`() {
        var counts: [ScalarClass: Int] = [:]
        for scalar in UInt32(0)..<0x110000 { counts[ScalarProperties.shared.kind(scalar), default: 0] += 1 }
        #expect(counts[.letter] == 141_028)
        #expect(counts[.number] == 1_911)
        #expect(counts[.space] == 25)
    }

    @Test func `A trie gives back every byte that was put in`() {
        func byte(_ scalar: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: (scalar &* 2_654_435_761) >> 27) / 31 }
        let trie = ScalarTrie { bytes in
            for scalar in UInt32(0x400)..<0x3000 { bytes[Int(scalar)] = byte(scalar) }
        }
        #expect((UInt32(0x400)..<0x3000).allSatisfy { trie[$0] == byte($0) })
        #expect(trie[0x3FF] == 0)
        #expect(trie[0x10FFFF] == 0)
    }
}
