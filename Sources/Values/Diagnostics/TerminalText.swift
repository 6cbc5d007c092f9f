/// Words of other people (a model, a server, the name of a file) as a terminal may see them.
///
/// A terminal obeys what stands in its text: escape sequences set its title and the clipboard, a carriage return paints
/// over what was said before, and marks of writing direction let a text read as another than it is. Scalars of that
/// kind are shown instead, one by one, so that a sequence that comes in two pieces is as harmless as one in one.
package enum TerminalText {
    /// The text with every such scalar made visible; line ends and tabulators stay.
    package static func harmless(_ text: String) -> String { replacing(text) { $0 != "\n" && $0 != "\t" } }

    /// A text that must stay on its line, such as a name in a table.
    package static func harmlessLine(_ text: String) -> String { replacing(text) { _ in true } }

    private static func replacing(_ text: String, _ isReplaced: (Unicode.Scalar) -> Bool) -> String {
        func isBad(_ scalar: Unicode.Scalar) -> Bool { isDangerous(scalar) && isReplaced(scalar) }
        guard text.unicodeScalars.contains(where: isBad) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let replaced = isBad(scalar) ? picture(of: scalar) : String(scalar)
            shown.append(contentsOf: replaced.unicodeScalars)
        }
        return String(shown)
    }

    /// Whether a terminal would do something for it, or show nothing where something is.
    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // C0, DEL and C1.
        case 0..<0x20, 0x7F..<0xA0: true
        // Joiners that scripts and emoji need, which hide nothing.
        case 0x200C, 0x200D: false
        // Letters that are shown as nothing (fillers of Hangul), and separators that some terminals take for line ends.
        case 0x115F, 0x1160, 0x3164, 0xFFA0, 0x2028, 0x2029: true
        // Marks and overrides of direction, zero-width spaces, annotations, tags.
        default: scalar.value > 0xA0 && scalar.properties.generalCategory == .format
        }
    }

    private static func picture(of scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value).map { String($0) } ?? ""
        case 0x7F: "\u{2421}"
        default: "<U+" + hexadecimal(scalar.value) + ">"
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
