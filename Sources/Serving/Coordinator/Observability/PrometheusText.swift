internal import ServingCore

/// Builds a page in Prometheus' text exposition format, version 0.0.4.
struct PrometheusText {
    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// Begins a metric; its samples follow.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        let inner = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += inner.isEmpty ? name : "\(name){\(inner)}"
        text += " \(Self.number(value))\n"
    }

    /// A metric of a single sample.
    mutating func single(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ value: Double,
        _ labels: [(String, String)] = []
    ) {
        begin(name, kind, help)
        sample(name, labels, value)
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram, _ labels: [(String, String)] = []) {
        begin(name, .histogram, help)
        var below = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            below += count
            sample("\(name)_bucket", labels + [("le", Self.number(bound))], Double(below))
        }
        sample("\(name)_bucket", labels + [("le", "+Inf")], Double(histogram.count))
        sample("\(name)_sum", labels, histogram.sum)
        sample("\(name)_count", labels, Double(histogram.count))
    }

    /// Whole numbers without a fraction, as Prometheus' own libraries write them.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
