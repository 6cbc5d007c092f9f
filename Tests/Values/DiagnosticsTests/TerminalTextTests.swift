import Diagnostics
import Testing

@Suite("What others wrote, on a terminal")
struct TerminalTextTests {
    @Test("escape sequences, controls and marks of direction are shown, and do nothing")
    func shown() {
        #expect(TerminalText.harmless("\u{1B}]0;title\u{07}") == "␛]0;title␇")
        #expect(TerminalText.harmless("\u{1B}]52;c;ZWNobw==\u{1B}\\") == "␛]52;c;ZWNobw==␛\\")
        #expect(TerminalText.harmless("12\r34\u{8}\u{7F}\0") == "12␍34␈␡␀")
        // The one-byte forms of ESC [ and ESC ].
        #expect(TerminalText.harmless("\u{9B}2J\u{9D}0;x\u{9C}") == "<U+009B>2J<U+009D>0;x<U+009C>")
        #expect(TerminalText.harmless("a\u{202E}b\u{2066}c\u{200F}") == "a<U+202E>b<U+2066>c<U+200F>")
        #expect(TerminalText.harmless("x\u{200B}y\u{E0041}\u{3164}") == "x<U+200B>y<U+E0041><U+3164>")
    }

    @Test("every control, and every mark that Unicode lists as one of direction")
    func kinds() {
        let directions: [UInt32] = [0x061C, 0x200E, 0x200F] + Array(0x202A...0x202E) + Array(0x2066...0x2069)
        let controls = Array(UInt32(0)..<0x20) + Array(0x7F..<0xA0)
        for value in controls + directions where value != 0x0A && value != 0x09 {
            let text = Unicode.Scalar(value).map { String($0) } ?? ""
            let shown = TerminalText.harmless(text)
            #expect(!shown.unicodeScalars.contains { $0.value == value }, "\(value)")
            #expect(!shown.isEmpty)
        }
    }

    @Test("texts of any language stay as they are")
    func unchanged() {
        for text in [
            "3 + 4 = 7.\n\tyes", "übergroß", "这是一张图片", "نص عربي", "עברית", "हिन्दी क्\u{200D}ष",
            "👩\u{200D}👩\u{200D}👧 ❤\u{FE0F}", "می\u{200C}خواهم",
        ] { #expect(TerminalText.harmless(text) == text) }
    }

    @Test("a sequence in two pieces is as harmless as in one")
    func pieces() {
        let scalars = Array("a\r\n\u{1B}[2J\u{202E}é".unicodeScalars)
        let whole = TerminalText.harmless(String(String.UnicodeScalarView(scalars)))
        for cut in 0...scalars.count {
            let pieces = [scalars[..<cut], scalars[cut...]].map { String(String.UnicodeScalarView($0)) }
            #expect(pieces.map(TerminalText.harmless).joined() == whole)
        }
    }

    @Test("a name in a table keeps to its line")
    func names() { #expect(TerminalText.harmlessLine("demo\n  hint: rm\t-rf") == "demo␊  hint: rm␉-rf") }
}
