internal import ServingCore
internal import WireProtocol

extension StatsReport.Quantiles {
    /// Of the latest observations, in milliseconds.
    init(_ histogram: Histogram) {
        let values = histogram.quantiles([0.5, 0.95, 0.99]).map { ($0 * 1e6).rounded() / 1e3 }
        self.init(p50: values[0], p95: values[1], p99: values[2], count: histogram.count)
    }
}
