internal import Foundation

/// Tables and numbers of reports.
enum Markdown {
    static func table(_ titles: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let lines = [titles, titles.map { _ in "---" }] + rows
        return lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    /// Three digits or so.
    static func number(_ value: Double) -> String {
        let size = abs(value)
        return String(format: size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%.0f", value)
    }

    static func number(_ value: Double?) -> String { value.map { number($0) } ?? "–" }

    /// Seconds as milliseconds.
    static func milliseconds(_ seconds: Double) -> String { number(1000 * seconds) }

    static func milliseconds(_ seconds: Double?) -> String { seconds.map { milliseconds($0) } ?? "–" }

    static func percent(_ share: Double?, signed: Bool = false) -> String {
        share.map { String(format: signed ? "%+.1f %%" : "%.0f %%", 100 * $0) } ?? "–"
    }

    /// A part of 1.
    static func share(_ share: Double?) -> String { share.map { String(format: "%.3f", $0) } ?? "–" }

    static func kibibytes(_ bytes: Int) -> String { bytes == 0 ? "0" : number(Double(bytes) / 1024) }

    static func gibibytes(_ bytes: Int) -> String { String(format: "%.3f", Double(bytes) / 1_073_741_824) }
}
