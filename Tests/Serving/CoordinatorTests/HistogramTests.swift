import ServingCore
import Testing

@testable import Coordinator

struct HistogramTests {
    @Test("Buckets, sum and nearest-rank quantiles")
    func observations() {
        var histogram = Histogram(bounds: [1, 2, 5])
        #expect(histogram.quantiles([0.5]) == [0])
        for value in [0.5, 1, 1.5, 2, 3, 100] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 1, 1])
        #expect(histogram.count == 6 && histogram.sum == 108)
        #expect(histogram.quantiles([0, 0.5, 0.51, 0.95, 1]) == [0.5, 1.5, 2, 100, 100])
    }

    @Test("Quantiles are of the latest 4096, counts of all")
    func latest() {
        var histogram = Histogram(bounds: [10])
        for _ in 0..<5000 { histogram.observe(100) }
        for _ in 0..<4096 { histogram.observe(1) }
        #expect(histogram.quantiles([1]) == [1])
        #expect(histogram.count == 9096 && histogram.counts == [4096, 5000])
    }

    @Test("Prometheus' text: cumulative buckets, +Inf is the count, labels escaped")
    func prometheus() {
        var histogram = Histogram(bounds: [0.5, 1])
        for value in [0.25, 0.75, 0.75, 8] { histogram.observe(value) }
        var page = PrometheusText()
        page.single("up", .gauge, "Whether it runs.", 1)
        page.begin("rank_bytes", .counter, "Bytes.")
        page.sample("rank_bytes", [("host", "a\"b\\c\nd"), ("rank", "0")], 12_345_678_901)
        page.histogram("wait_seconds", "Waiting.", histogram, [("model", "m")])
        #expect(
            page.text == """
                # HELP up Whether it runs.
                # TYPE up gauge
                up 1
                # HELP rank_bytes Bytes.
                # TYPE rank_bytes counter
                rank_bytes{host="a\\"b\\\\c\\nd",rank="0"} 12345678901
                # HELP wait_seconds Waiting.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{model="m",le="0.5"} 1
                wait_seconds_bucket{model="m",le="1"} 3
                wait_seconds_bucket{model="m",le="+Inf"} 4
                wait_seconds_sum{model="m"} 9.75
                wait_seconds_count{model="m"} 4

                """
        )
    }
}
