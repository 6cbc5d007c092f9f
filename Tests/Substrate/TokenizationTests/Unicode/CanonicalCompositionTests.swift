import Foundation
import TestSupport
import Testing

@testable import Tokenization

@Suite struct CanonicalCompositionTests {
    private func normalized(_ text: String) -> [UInt8]? {
        Array(text.utf8).withUnsafeBufferPointer { CanonicalComposition.shared.normalized($0) }
    }

    @Test(arguments: [
        ("e\u{301}", "é"), ("e\u{302}\u{323}", "\u{1EC7}"), ("a\u{301}\u{316}", "á\u{316}"), ("\u{212B}", "Å"),
        ("\u{1100}\u{1161}\u{11A8}", "각"), ("가\u{11A8}", "각"), ("\u{958}", "\u{915}\u{93C}"), ("\u{2F800}", "\u{4E3D}"),
        ("\u{344}", "\u{308}\u{301}"), ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}"), ("a\u{327}\u{30A}", "å\u{327}"),
    ])
    func `Pairs are joined and marks are ordered`(text: String, expected: String) {
        #expect(normalized(text) == utf8(expected))
    }

    @Test(arguments: ["", "plain ASCII", "déjà vu", "中文，日本語", "한국어", "привет", "😀", "ſß"])
    func `Text that cannot change is not copied`(text: String) {
        #expect(normalized(text) == nil)
    }

    /// Foundation's tables are newer; scalars below U+0590 are the same in both.
    @Test func `Random marks agree with Foundation where both know them`() {
        var random = SeededRandom(seed: 7)
        var changed = 0
        for _ in 0..<5_000 {
            let scalars = (0..<8).compactMap { _ in
                Unicode.Scalar(
                    UInt32.random(in: Bool.random(using: &random) ? 0x300...0x345 : 0x41...0x24F, using: &random)
                )
            }
            let text = String(String.UnicodeScalarView(scalars))
            let expected = utf8(text.precomposedStringWithCanonicalMapping)
            #expect(normalized(text) ?? utf8(text) == expected, "\(scalars)")
            if expected != utf8(text) { changed += 1 }
        }
        #expect(changed > 1_000)
    }

    @Test func `Hangul syllables come apart and together`() {
        for syllable in stride(from: UInt32(0xAC00), to: 0xD7A4, by: 97) {
            var letters: [UInt32] = []
            Hangul.decompose(syllable) { letters.append($0) }
            #expect(letters.dropFirst().reduce(letters[0]) { Hangul.compose($0, $1) ?? 0 } == syllable)
        }
    }
}
