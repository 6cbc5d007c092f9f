import Testing

@testable import ServerClient

struct LoadResultTests {
    static func record(_ tokens: [Double], end: Double, error: String? = nil) -> RequestRecord {
        var record = RequestRecord()
        record.tokens = tokens
        record.end = end
        record.error = error
        return record
    }

    @Test("A record's figures, by hand")
    func record() {
        let record = Self.record([0.5, 0.75, 1.5], end: 1.6)
        #expect(record.firstToken == 0.5)
        #expect(record.perToken == 0.5)
        #expect(record.gaps == [0.25, 0.75])
        let single = Self.record([0.5], end: 0.5)
        #expect(single.perToken == nil && single.gaps.isEmpty)
        #expect(Self.record([], end: 1).firstToken == nil)
    }

    @Test("Quantiles are nearest ranks in milliseconds")
    func spread() {
        let spread = LatencySummary((1...200).reversed().map { Double($0) / 1000 })
        #expect(spread.p50 == 100 && spread.p95 == 190 && spread.p99 == 198 && spread.count == 200)
        #expect(abs(spread.mean - 100.5) < 1e-9)
        #expect(LatencySummary([0.25]).p99 == 250)
        #expect(LatencySummary([]).count == 0)
    }

    @Test("Errors count as requests, not as answers, and are never good")
    func goodput() throws {
        let records = [
            Self.record([0.1, 0.2], end: 0.2), Self.record([0.3, 0.35], end: 0.4),
            Self.record([0.1, 0.5], end: 0.5), Self.record([], end: 0.01, error: "BUSY"),
        ]
        let result = LoadResult(records: records, seconds: 2)
        #expect(result.errorCount == 1 && result.answered.count == 3)
        #expect(result.tokensPerSecond == 3 && result.requestsPerSecond == 1.5)
        #expect(result.goodput(try #require(Goodput("ttft:200"))) == 1)
        #expect(result.goodput(try #require(Goodput("tpot:100"))) == 1)
        #expect(result.goodput(try #require(Goodput("ttft:200,tpot:100.5,e2e:1000"))) == 0.5)
        #expect(result.goodput(try #require(Goodput("e2e:450"))) == 1)
    }

    @Test(
        "Bounds that cannot be read",
        arguments: ["ttft", "ttft:", "ttft:0", "ttft:-1", "speed:5", "ttft:5;tpot:5", "ttft:x"]
    )
    func bounds(text: String) { #expect(Goodput(text) == nil) }

    @Test("Arrivals: the same for a seed, as many as asked for, as far apart as chance has them")
    func poisson() {
        var clock = PoissonClock(rate: 4, seed: 7)
        var twin = PoissonClock(rate: 4, seed: 7)
        var other = PoissonClock(rate: 4, seed: 8)
        let times = (0..<20_000).map { _ in clock.next() }
        #expect(times == (0..<20_000).map { _ in twin.next() })
        #expect(times[0] != other.next())
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let deviation = (gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(gaps.count)).squareRoot()
        #expect(abs(mean - 0.25) < 0.01)
        // An exponential distribution's deviation is its mean.
        #expect(abs(deviation - 0.25) < 0.01)
    }
}
