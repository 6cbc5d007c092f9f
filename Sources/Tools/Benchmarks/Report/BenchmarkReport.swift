internal import Foundation

/// What `flotilla bench` prints: the machine, and rows as a table or as JSON.
package struct BenchmarkReport: Sendable, Encodable {
    package let version: String
    /// The kernels in use: `ref`, `avx2`, `avx512` or another.
    package let isa: String
    package let processor: String
    package let processors: Int
    package var rows: [BenchmarkRow]

    package init(version: String, isa: String, processor: String, processors: Int, rows: [BenchmarkRow] = []) {
        (self.version, self.isa, self.processor) = (version, isa, processor)
        (self.processors, self.rows) = (processors, rows)
    }

    /// One JSON object, keys sorted.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// A line about the machine, then a table for people.
    package func text() -> String {
        let machine = "flotilla \(version), \(isa), \(processors) × \(processor)\n"
        return machine + Self.table([Self.titles] + rows.map(Self.cells))
    }

    private static let titles = [
        "benchmark", "subject", "format", "ranks×threads", "tokens", "median", "lowest–highest", "unit", "ceiling",
        "share", "of",
    ]
    /// Columns of numbers, which are flush right.
    private static let numeric: Set = [4, 5, 6, 8, 9]

    private static func cells(_ row: BenchmarkRow) -> [String] {
        [
            row.benchmark, row.subject, row.format.isEmpty ? "–" : row.format, "\(row.ranks)×\(row.threads)",
            row.tokens?.text ?? "–", number(row.figure.median),
            "\(number(row.figure.lowest))–\(number(row.figure.highest))", row.unit,
            row.ceiling.map { number($0.value) } ?? "–",
            row.ceiling.map { String(format: "%.0f %%", 100 * $0.share) } ?? "–", row.ceiling?.name ?? "–",
        ]
    }

    /// Three digits at least, as many as a repetition would confirm.
    static func number(_ value: Double) -> String {
        String(format: abs(value) < 10 ? "%.2f" : abs(value) < 100 ? "%.1f" : "%.0f", value)
    }

    private static func table(_ lines: [[String]]) -> String {
        let widths = titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = zip(line, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return numeric.contains(column) ? padding + cell.0 : cell.0 + padding
            }
            let text = cells.joined(separator: "  ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
        .joined(separator: "\n")
    }
}
