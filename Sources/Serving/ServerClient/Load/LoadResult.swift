/// What became of one request, in seconds since it was sent.
package struct RequestRecord: Sendable, Equatable {
    /// When each token came.
    package var tokens: [Double] = []
    /// How many they were by the server's own count, where several may come at a time.
    package var generated: Int?
    package var end = 0.0
    package var finish: String?
    package var error: String?

    package init() {}

    /// From sending to the first token (TTFT); `nil` without one.
    package var firstToken: Double? { tokens.first }
    /// Between tokens on average (TPOT): last minus first, over one less than their number.
    package var perToken: Double? {
        guard tokens.count > 1, let first = tokens.first, let last = tokens.last else { return nil }
        return (last - first) / Double(tokenCount - 1)
    }
    package var tokenCount: Int { generated ?? tokens.count }
    /// Between every two tokens (ITL).
    package var gaps: [Double] { zip(tokens.dropFirst(), tokens).map { $0 - $1 } }
}

/// The mean and the quantiles of a figure, in milliseconds.
package struct LatencySummary: Sendable, Equatable, Codable {
    package var mean = 0.0
    package var p50 = 0.0
    package var p95 = 0.0
    package var p99 = 0.0
    package var count = 0

    /// - Parameter seconds: the observations.
    package init(_ seconds: [Double]) {
        guard !seconds.isEmpty else { return }
        let sorted = seconds.sorted()
        func quantile(_ share: Double) -> Double {
            sorted[min(max(Int((share * Double(sorted.count)).rounded(.up)), 1), sorted.count) - 1] * 1000
        }
        mean = seconds.reduce(0, +) / Double(seconds.count) * 1000
        (p50, p95, p99) = (quantile(0.5), quantile(0.95), quantile(0.99))
        count = seconds.count
    }
}

/// Bounds within which an answer is a good one.
package struct Goodput: Sendable, Equatable {
    /// In milliseconds.
    package var firstToken: Double?
    package var perToken: Double?
    package var whole: Double?

    /// Reads `ttft:500,tpot:50,e2e:5000`, in milliseconds.
    package init?(_ text: String) {
        for part in text.split(separator: ",") {
            let words = part.split(separator: ":")
            guard words.count == 2, let limit = Double(words[1]), limit > 0 else { return nil }
            switch words[0] {
            case "ttft": firstToken = limit
            case "tpot": perToken = limit
            case "e2e": whole = limit
            default: return nil
            }
        }
    }

    package func isMet(by record: RequestRecord) -> Bool {
        guard record.error == nil, let first = record.firstToken else { return false }
        return first * 1000 <= firstToken ?? .infinity && (record.perToken ?? 0) * 1000 <= perToken ?? .infinity
            && record.end * 1000 <= whole ?? .infinity
    }
}

/// What a run of requests came to.
package struct LoadResult: Sendable {
    package let records: [RequestRecord]
    /// From the first request to the last answer.
    package let seconds: Double

    package var answered: [RequestRecord] { records.filter { $0.error == nil } }
    package var errorCount: Int { records.count - answered.count }
    package var firstToken: LatencySummary { LatencySummary(answered.compactMap(\.firstToken)) }
    package var perToken: LatencySummary { LatencySummary(answered.compactMap(\.perToken)) }
    package var gaps: LatencySummary { LatencySummary(answered.flatMap(\.gaps)) }
    package var whole: LatencySummary { LatencySummary(answered.map(\.end)) }
    package var tokensPerSecond: Double { Double(answered.reduce(0) { $0 + $1.tokenCount }) / max(seconds, 1e-9) }
    package var requestsPerSecond: Double { Double(answered.count) / max(seconds, 1e-9) }

    /// Answers a second that met the bounds.
    package func goodput(_ bounds: Goodput) -> Double {
        Double(records.filter(bounds.isMet).count) / max(seconds, 1e-9)
    }
}
