internal import Foundation

/// The time as `Date` has it, which every answer of a server with a clock must carry (RFC 9110, 6.6.1).
///
/// It changes once a second, and is written for every answer: the last text is kept.
struct HTTPDate {
    private var second = -1
    private var text = ""

    /// - Parameter seconds: since 1970.
    mutating func text(at seconds: Int) -> String {
        if seconds != second { (second, text) = (seconds, Self.write(seconds)) }
        return text
    }

    static func write(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 40)
        // The program sets no locale, so that names are English.
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
