/// What the tokenizer's reference implementation takes for a letter, a number, a space and NFC.
///
/// The published ids were made with a regex engine and a normaliser that each carry a Unicode version of their own,
/// and neither is the one of Swift's standard library: some 4,600 scalars differ. So the tables are pinned here, as text
/// that `scripts/make-unicode-tables.py` probed from Hugging Face's library, and are expanded once at first use.
enum UnicodeTables {
    /// Inclusive ranges from `41-5a 61-7a aa`.
    static func ranges(_ text: String) -> [ClosedRange<UInt32>] {
        text.split(separator: " ").map { range($0) }
    }

    /// Combining classes from `1: 334-338 220: 316-319`.
    static func classedRanges(_ text: String) -> [(combiningClass: UInt8, range: ClosedRange<UInt32>)] {
        var combiningClass: UInt8 = 0
        var result: [(combiningClass: UInt8, range: ClosedRange<UInt32>)] = []
        for word in text.split(separator: " ") {
            if word.last == ":" {
                combiningClass = UInt8(word.dropLast()) ?? 0
            } else {
                result.append((combiningClass, range(word)))
            }
        }
        return result
    }

    /// Mappings from `c0=41+300 2126=3a9`; a mapping to one scalar has `nil` as its second.
    static func mappings(_ text: String) -> [(scalar: UInt32, first: UInt32, second: UInt32?)] {
        text.split(separator: " ").map { word in
            let sides = word.split(separator: "=")
            let parts = sides[1].split(separator: "+")
            return (number(sides[0]), number(parts[0]), parts.count > 1 ? number(parts[1]) : nil)
        }
    }

    private static func range(_ word: Substring) -> ClosedRange<UInt32> {
        let ends = word.split(separator: "-")
        return number(ends[0])...number(ends[ends.count - 1])
    }

    private static func number(_ word: Substring) -> UInt32 {
        guard let value = UInt32(word, radix: 16) else { preconditionFailure("a Unicode table has the word \(word)") }
        return value
    }
}
