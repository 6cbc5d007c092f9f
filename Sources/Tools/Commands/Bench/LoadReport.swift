import Diagnostics
import Foundation
import ServerClient

/// The figures of `flotilla bench serve`: a table as they come, then JSON and a picture.
final class LoadReport: @unchecked Sendable {
    // Safe because the one task that measures adds, and the others read after it has ended.
    private var rows: [Row] = []
    private let isRate: Bool
    private let bounds: Goodput?

    /// One load, in milliseconds and per second.
    private struct Row: Codable {
        var load: Double
        var requests: Int
        var errors: Int
        var seconds: Double
        var requestsPerSecond: Double
        var tokensPerSecond: Double
        var goodputPerSecond: Double?
        var ttft: LatencySummary
        var tpot: LatencySummary
        var itl: LatencySummary
        var e2e: LatencySummary
    }

    init(isRate: Bool, bounds: Goodput?) {
        self.isRate = isRate
        self.bounds = bounds
    }

    func add(_ load: LoadGenerator.Arrivals, _ result: LoadResult) {
        if rows.isEmpty { printTitles() }
        let number: Double =
            switch load {
            case .rate(let rate): rate
            case .concurrency(let count): Double(count)
            }
        let row = Row(
            load: number,
            requests: result.records.count,
            errors: result.errorCount,
            seconds: result.seconds,
            requestsPerSecond: result.requestsPerSecond,
            tokensPerSecond: result.tokensPerSecond,
            goodputPerSecond: bounds.map { result.goodput($0) },
            ttft: result.firstToken,
            tpot: result.perToken,
            itl: result.gaps,
            e2e: result.whole
        )
        rows.append(row)
        show(row)
    }

    private func printTitles() {
        let good = bounds == nil ? "" : " good/s |"
        Self.write(
            "| \(isRate ? "requests/s asked" : "under way") | answers/s | tokens/s |\(good) errors | TTFT p50 / p95 / p99 ms "
                + "| TPOT p50 / p95 / p99 ms | ITL p50 / p95 / p99 ms | e2e p50 / p95 / p99 ms |\n"
        )
        Self.write("|" + String(repeating: "---|", count: bounds == nil ? 8 : 9) + "\n")
    }

    private func show(_ row: Row) {
        func spread(_ s: LatencySummary) -> String { [s.p50, s.p95, s.p99].map(Self.number).joined(separator: " / ") }
        let good = row.goodputPerSecond.map { " \(Self.number($0)) |" } ?? ""
        Self.write(
            "| \(Self.number(row.load)) | \(Self.number(row.requestsPerSecond)) | \(Self.number(row.tokensPerSecond)) |\(good) "
                + "\(row.errors) | \(spread(row.ttft)) | \(spread(row.tpot)) | \(spread(row.itl)) | \(spread(row.e2e)) |\n"
        )
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
    }

    func svg() -> String {
        let lines = [
            LatencyChart.Line(name: "TTFT p50", colour: "#1f77b4", values: rows.map(\.ttft.p50)),
            LatencyChart.Line(name: "TTFT p99", colour: "#aec7e8", values: rows.map(\.ttft.p99)),
            LatencyChart.Line(name: "ITL p50", colour: "#2ca02c", values: rows.map(\.itl.p50)),
            LatencyChart.Line(name: "ITL p99", colour: "#98df8a", values: rows.map(\.itl.p99)),
            LatencyChart.Line(name: "e2e p50", colour: "#d62728", values: rows.map(\.e2e.p50)),
            LatencyChart.Line(name: "e2e p99", colour: "#ff9896", values: rows.map(\.e2e.p99)),
        ]
        return LatencyChart(
            title: "Latency over load",
            loadName: isRate ? "requests a second" : "requests under way",
            loads: rows.map(\.load),
            lines: lines
        ).svg
    }

    /// Row by row as they come, also into a pipe.
    private static func write(_ text: String) { StandardOutput.write(text) }

    private static func number(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
    }
}
