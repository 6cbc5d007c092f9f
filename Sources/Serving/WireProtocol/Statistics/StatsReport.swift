internal import Foundation

/// The content of STATS; members are in snake case on the wire.
package struct StatsReport: Codable, Sendable, Equatable {
    package var state: String
    package var uptimeS: Double
    package var model: String
    package var version: String
    package var requests: Requests
    package var tokens: Tokens
    /// `nil` from a server that does not say.
    package var speculation: Speculation?
    package var rates: Rates
    package var latency: Latency
    package var cache: Cache
    /// All groups together.
    package var group: Group
    /// Each of them; `nil` from a server that knows of one alone.
    package var groups: [GroupPart]?
    package var ranks: [Rank]
    package var connections: Connections
    /// Requests over HTTP that were answered, by status; `nil` from a server that does not say.
    package var http: [String: Int]?

    package init(
        state: String,
        uptimeS: Double,
        model: String,
        version: String,
        requests: Requests,
        tokens: Tokens,
        speculation: Speculation? = nil,
        rates: Rates,
        latency: Latency,
        cache: Cache,
        group: Group,
        groups: [GroupPart]? = nil,
        ranks: [Rank],
        connections: Connections
    ) {
        (self.state, self.uptimeS, self.model, self.version) = (state, uptimeS, model, version)
        (self.requests, self.tokens, self.speculation) = (requests, tokens, speculation)
        (self.rates, self.latency) = (rates, latency)
        (self.cache, self.group, self.groups, self.ranks) = (cache, group, groups, ranks)
        self.connections = connections
    }

    /// One line of JSON.
    package static func json(_ value: some Encodable) -> String {
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
