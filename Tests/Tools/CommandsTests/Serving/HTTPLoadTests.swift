import Foundation
import TestSupport
import Testing

/// `flotilla bench serve --http`, against a server that answers what the test says.
@Suite("bench serve --http", .serialized, .ownThread)
struct HTTPLoadTests {
    private struct Row: Decodable {
        struct Spread: Decodable { let count: Int }
        let requests: Int
        let errors: Int
        let seconds: Double
        let tokens_per_second: Double
        let ttft: Spread
        let itl: Spread
    }

    /// Runs the load, and reads its figures.
    private static func run(
        _ server: PretendHTTPServer,
        _ arguments: [String] = [],
        in directory: URL
    ) throws -> (outcome: FlotillaProgram.Outcome, rows: [Row]) {
        let figures = directory.appendingPathComponent("figures.json")
        let outcome = try FlotillaProgram.run(
            ["bench", "serve", "--http", "http://127.0.0.1:\(server.port)", "--json", figures.path] + arguments,
            in: directory
        )
        guard let data = try? Data(contentsOf: figures) else { return (outcome, []) }
        return (outcome, try JSONDecoder().decode([Row].self, from: data))
    }

    private static let models = PretendHTTPServer.json("200 OK", #"{"data":[{"id":"the model"}]}"#)

    @Test("Every answer is counted, by the server's own count of tokens, and connections are used again")
    func counts() throws {
        let server = PretendHTTPServer { request, _ in
            request.head.hasPrefix("GET /v1/models ") ? Self.models : PretendHTTPServer.stream(5, tokens: 9)
        }
        defer { server.stop() }
        try Fixtures.withTemporaryDirectory { directory in
            let token = directory.appendingPathComponent("token")
            try Data("secret\n".utf8).write(to: token)
            let (outcome, rows) = try Self.run(
                server,
                ["--concurrency", "3", "--requests", "12", "--warm-up", "0", "--token-file", token.path],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let row = try #require(rows.first)
            #expect(row.requests == 12 && row.errors == 0 && row.ttft.count == 12 && row.itl.count == 12 * 4)
            // Nine tokens, of which the last is the end token that nobody sees.
            #expect(Int((row.tokens_per_second * row.seconds).rounded()) == 12 * 8)
            #expect(server.connections <= 3)
            let asked = server.requests.dropFirst()
            #expect(asked.count == 12)
            for request in asked {
                #expect(request.head.hasPrefix("POST /v1/chat/completions HTTP/1.1"))
                #expect(request.head.lowercased().contains("authorization: bearer secret"))
                let body = try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any]
                #expect(body?["model"] as? String == "the model" && body?["stream"] as? Bool == true)
                #expect(body?["max_tokens"] as? Int == 64 && body?["seed"] is Int)
            }
            let pictures = asked.filter { $0.body.contains(#""url":"data:image/"#) }
            #expect(pictures.count == 6, "half of them have a picture")
        }
    }

    @Test("Refusals, broken streams and lost connections are errors, and the run goes on")
    func errors() throws {
        let server = PretendHTTPServer { request, number in
            if request.head.hasPrefix("GET ") { return Self.models }
            switch number % 5 {
            case 0: return PretendHTTPServer.json("429 Too Many Requests", #"{"error":{"code":"busy","message":"m"}}"#)
            case 1:
                let event = "data: {\"error\":{\"code\":\"internal\"}}\n\ndata: [DONE]\n\n"
                return
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: \(event.utf8.count)\r\n\r\n"
                    + event
            case 2: return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: {\"cho"
            case 3: return "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            default: return PretendHTTPServer.stream(2, tokens: 3)
            }
        }
        defer { server.stop() }
        try Fixtures.withTemporaryDirectory { directory in
            let (outcome, rows) = try Self.run(
                server,
                ["--rate", "500", "--requests", "10", "--warm-up", "0", "--pictures", "0"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(rows.first?.requests == 10 && rows.first?.errors == 8)
        }
    }

    @Test("A connection that a server ends while it is idle is nobody's fault")
    func idle() throws {
        let server = PretendHTTPServer { request, number in
            if request.head.hasPrefix("GET ") { return Self.models }
            // Every second request finds its connection ended.
            return number % 2 == 0 ? nil : PretendHTTPServer.stream(1, tokens: 2)
        }
        defer { server.stop() }
        try Fixtures.withTemporaryDirectory { directory in
            let (outcome, rows) = try Self.run(
                server,
                ["--concurrency", "1", "--requests", "4", "--warm-up", "0", "--pictures", "0"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(rows.first?.errors == 0)
        }
    }

    @Test(
        "Nobody there, no URL, no token",
        arguments: [("http://127.0.0.1:1", 6, "no server answers"), ("ftp://x", 2, "--http is ftp://x")]
    )
    func refused(url: String, status: Int32, says: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["bench", "serve", "--http", url, "--concurrency", "1", "--requests", "1"],
                in: directory
            )
            #expect(outcome.status == status && outcome.errors.contains(says), "\(outcome.errors)")
        }
    }
}
