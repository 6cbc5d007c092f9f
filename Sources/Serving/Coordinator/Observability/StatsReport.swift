internal import Foundation
internal import ServingCore

/// The content of STATS; members are in snake case on the wire.
package struct StatsReport: Codable, Sendable {
    package struct Requests: Codable, Sendable {
        package var running: Int
        package var waiting: Int
        package var accepted: Int
        package var ended: [String: Int]
        /// Of those accepted, how many ended with an ERR.
        package var failed: Int
        package var errors: [String: Int]
        package var replayed: Int
        package var preempted: Int
    }

    package struct Tokens: Codable, Sendable {
        package var prompt: Int
        package var cached: Int
        package var image: Int
        package var thinking: Int
        package var answer: Int
        package var generated: Int
    }

    package struct Rates: Codable, Sendable {
        package var answerPerS: Double
        package var promptPerS: Double
    }

    package struct Quantiles: Codable, Sendable {
        package var p50: Double
        package var p95: Double
        package var p99: Double
        package var count: Int

        init(_ histogram: Histogram) {
            let values = histogram.quantiles([0.5, 0.95, 0.99]).map { ($0 * 1e6).rounded() / 1e3 }
            (p50, p95, p99) = (values[0], values[1], values[2])
            count = histogram.count
        }
    }

    package struct Latency: Codable, Sendable {
        package var ttftMs: Quantiles
        package var itlMs: Quantiles
        package var e2eMs: Quantiles
        package var queueMs: Quantiles
    }

    package struct Cache: Codable, Sendable {
        package var pages: Int
        package var used: Int
        package var cached: Int
        package var queries: Int
        package var hits: Int
        /// Tokens found over tokens asked for.
        package var hitRate: Double
        package var imagesBytes: Int
        package var imageHits: Int
        package var imageMisses: Int
    }

    package struct Group: Codable, Sendable {
        package var generation: Int
        package var restarts: Int
        package var decoder: Int
        package var vision: Int
        package var askedDecoder: Int
        package var sinceS: Double
    }

    package struct Rank: Codable, Sendable {
        package var rank: Int
        package var role: String
        package var host: String
        package var pid: Int32
        package var threads: Int
        package var computeMs: Double
        package var communicationMs: Double
        package var waitMs: Double
        package var sentBytes: Int
        package var residentBytes: Int
        package var steps: Int
        package var tiles: Int
        package var weightBytes: Int
        package var cacheBytes: Int
        package var silenceMs: Double
    }

    package struct Connections: Codable, Sendable {
        package var open: Int
        package var total: Int
    }

    package var state: String
    package var uptimeS: Double
    package var model: String
    package var version: String
    package var requests: Requests
    package var tokens: Tokens
    package var rates: Rates
    package var latency: Latency
    package var cache: Cache
    package var group: Group
    package var ranks: [Rank]
    package var connections: Connections

    /// One line of JSON.
    static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { preconditionFailure("\(value) has no JSON") }
        return String(decoding: data, as: UTF8.self)
    }
}

extension StatsReport {
    /// Reads what STATS says.
    package init(json: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(StatsReport.self, from: Data(json.utf8))
    }
}
