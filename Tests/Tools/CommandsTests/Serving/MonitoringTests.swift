import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// What those see who watch a server.
@Suite("Watching a server", .serialized, .ownThread)
struct MonitoringTests {
    /// A page over a connection of its own: status and text.
    static func get(
        _ server: ServerProcess,
        _ path: String,
        method: String = "GET",
        token: String? = nil
    ) throws -> (status: Int, text: String) {
        let port = server.errors.split(separator: "\n").lazy.compactMap { line in
            line.hasPrefix("listening on http://") ? Int(line.split(separator: ":").last ?? "") : nil
        }.first
        let number = try #require(port)
        let client = try #require(RawClient(port: number))
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        client.send(
            Array("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(authorization)\r\n".utf8)
        )
        var lines: [String] = []
        while let line = try? client.line() { lines.append(line) }
        let body = lines.drop { $0 != "\r" }.dropFirst()
        return (Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0, body.joined(separator: "\n"))
    }

    @Test("requests whose logits are not numbers end with INTERNAL, and are counted")
    func notNumbers() throws {
        try EditedWeights.with { name, numbers in
            if name.hasSuffix("language_model.model.norm.weight") { numbers[0] = .nan }
        } _: { model in
            let server = try ServerProcess(model: model.path, in: model.deletingLastPathComponent())
            for _ in 0..<2 {
                let answer = try server.ask(#"{"prompt":"x"}"#)
                #expect(answer.error?.code == .internal && answer.error?.message.contains("not numbers") == true)
            }
            // Ranks tell of themselves once a second or so.
            #expect(
                Poll.until {
                    let ranks = (try? server.stats())?["ranks"] as? [[String: Any]]
                    return ranks?.first?["failures"] as? Int == 2
                }
            )
            let client = try server.connect()
            client.send("METRICS m")
            guard case .ok(_, let json) = try client.event() else { throw RawClient.Closed() }
            #expect(json.contains("flotilla:rank_failures_total{"))
            #expect(server.end().status == 0)
        }
    }

    @Test("GET /metrics and /health, the same figures as METRICS and STATS")
    func http() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            _ = try server.ask(#"{"prompt":"what is 3 plus 4?"}"#)
            let metrics = try Self.get(server, "/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("flotilla:time_to_first_token_seconds_count"))
            let client = try server.connect()
            client.send("METRICS m")
            guard case .ok(_, let json) = try client.event() else { throw RawClient.Closed() }
            let page = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
            let names = { (text: String) in text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }.sorted() }
            #expect(names(metrics.text) == names(page?["text"] ?? ""))
            let health = try Self.get(server, "/health")
            #expect(health.status == 200 && health.text.contains("\"healthy\":true"))
            #expect(try Self.get(server, "/nothing").status == 404)
            #expect(try Self.get(server, "/metrics", method: "POST").status == 405)
            // A group may be there again before anybody has asked: then it is lost once more.
            var killed: Int32?
            let isSeen = Poll.until {
                if let pid = (try? server.ranks())?[0], pid != killed {
                    kill(pid, SIGKILL)
                    killed = pid
                }
                return (try? Self.get(server, "/health"))?.status == 503
            }
            #expect(isSeen)
            #expect(server.end().status == 0)
        }
    }

    @Test("metrics want a token where tokens are")
    func tokens() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens").path
            try "watcher-token\n".write(toFile: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(["--http", "127.0.0.1:0", "--token-file", file], in: directory)
            #expect(try Self.get(server, "/metrics").status == 401)
            #expect(try Self.get(server, "/metrics", token: "watcher-tokem").status == 401)
            #expect(try Self.get(server, "/metrics", token: "watcher-token").status == 200)
            #expect(try Self.get(server, "/health").status == 200)
            #expect(server.end().status == 0)
        }
    }
}
