import Testing

@testable import WireProtocol

@Suite("What STATS says")
struct StatsReportTests {
    private static let report = StatsReport(
        state: "ready",
        uptimeS: 1.5,
        model: "mini",
        version: "1",
        requests: .init(
            running: 1,
            waiting: 2,
            accepted: 3,
            ended: ["stop": 4],
            failed: 5,
            errors: ["TOO_LONG": 6],
            replayed: 7,
            preempted: 8
        ),
        tokens: .init(prompt: 1, cached: 2, image: 3, thinking: 4, answer: 5, generated: 6),
        rates: .init(answerPerS: 1.25, promptPerS: 2.5),
        latency: .init(ttftMs: .test, itlMs: .test, e2eMs: .test, queueMs: .test),
        cache: .init(
            pages: 1,
            used: 2,
            cached: 3,
            queries: 4,
            hits: 5,
            hitRate: 0.5,
            imagesBytes: 6,
            imageHits: 7,
            imageMisses: 8
        ),
        group: .init(generation: 1, restarts: 2, decoder: 3, vision: 4, askedDecoder: 5, sinceS: 6.5),
        ranks: [
            .init(
                rank: 1,
                role: "decoder",
                host: "here",
                pid: 2,
                threads: 3,
                computeMs: 4,
                communicationMs: 5,
                waitMs: 6,
                sentBytes: 7,
                residentBytes: 8,
                steps: 9,
                tiles: 10,
                failures: 14,
                weightBytes: 11,
                cacheBytes: 12,
                silenceMs: 13
            )
        ],
        connections: .init(open: 1, total: 2)
    )

    @Test("is read back as it was written, in one line")
    func roundTrip() throws {
        let json = StatsReport.json(Self.report)
        #expect(!json.contains("\n"))
        #expect(try StatsReport(json: json) == Self.report)
    }

    @Test("has its members in snake case")
    func members() {
        let json = StatsReport.json(Self.report)
        for member in ["uptime_s", "ttft_ms", "e2e_ms", "answer_per_s", "asked_decoder", "hit_rate", "resident_bytes"] {
            #expect(json.contains("\"\(member)\":"), "\(member)")
        }
    }
}

extension StatsReport.Quantiles {
    fileprivate static let test = Self(p50: 1, p95: 2, p99: 3, count: 4)
}
