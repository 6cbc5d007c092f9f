import Foundation
import TestSupport
import Testing

@testable import Coordinator

/// The dashboard that is handed out asks for nothing that is not there.
struct DashboardTests {
    private static func expressions(_ value: Any) -> [String] {
        switch value {
        case let object as [String: Any]:
            object.flatMap { key, inner in
                (["expr", "query", "definition"].contains(key) ? [inner as? String].compactMap { $0 } : [])
                    + expressions(inner)
            }
        case let list as [Any]: list.flatMap(expressions)
        default: []
        }
    }

    @Test("Every metric of docs/monitoring/grafana.json is one of ours, and a histogram's buckets are a histogram's")
    func metrics() throws {
        let data = try Data(contentsOf: Fixtures.url("../../docs/monitoring/grafana.json"))
        let text = Self.expressions(try JSONSerialization.jsonObject(with: data)).joined(separator: "\n")
        let named = Set(text.matches(of: /flotilla:[A-Za-z0-9_]+/).map { String($0.output) })
        #expect(named.count > 20)
        var known = Set(MetricsTable.rows.map(\.name))
        for histogram in MetricsTable.histograms {
            for end in ["bucket", "sum", "count"] { known.insert("flotilla:\(histogram.name)_\(end)") }
        }
        #expect(named.subtracting(known).isEmpty, "these are no metrics of ours")
        for name in named where name.hasSuffix("_total") {
            #expect(
                !text.matches(of: try Regex("(rate|increase)\\(\(name)")).isEmpty,
                "\(name) only ever grows: what is shown of it is its rate"
            )
        }
        for name in named where name.hasSuffix("_bucket") {
            #expect(
                !text.matches(of: try Regex("histogram_quantile\\([0-9.]+, sum by \\(le\\) \\(rate\\(\(name)")).isEmpty
            )
        }
    }
}
