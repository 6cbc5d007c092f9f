import Foundation
import TestSupport
import Testing

/// Who is answered over HTTP, and who is not.
@Suite("Strangers over HTTP", .serialized, .ownThread)
struct HTTPSecurityTests {
    @Test("Without tokens: names of this machine only, and pages of its own")
    func open() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                ["--http", "127.0.0.1:0", "--http-host", "box.lan", "--cors-origin", "https://chat.example.org"],
                in: directory
            )
            let port = try server.port(after: "http://")
            func status(_ host: String, _ fields: [String] = [], _ method: String = "GET") throws -> HTTPAnswer {
                let client = try server.http()
                client.ask(method, "/v1/models", fields, host: host)
                return try client.reply()
            }
            for host in ["localhost:\(port)", "127.0.0.1:\(port)", "[::1]:\(port)", "a.localhost", "box.lan"] {
                #expect(try status(host).status == 200, "\(host)")
            }
            for host in ["evil.example", "192.168.1.1", "localhost.evil.example"] {
                let answer = try status(host)
                #expect(answer.status == 403 && answer.code == "host_not_allowed")
            }
            let own = try status("localhost:\(port)", ["Origin: http://localhost:\(port)"])
            #expect(own.status == 200 && own.fields["access-control-allow-origin"] == nil)
            for origin in ["http://evil.example", "null", "http://localhost:1", "https://localhost:\(port)"] {
                let answer = try status("localhost:\(port)", ["Origin: \(origin)"])
                #expect(answer.status == 403 && answer.code == "origin_not_allowed")
                #expect(answer.fields["access-control-allow-origin"] == nil)
                #expect(
                    try status(
                        "localhost:\(port)",
                        ["Origin: \(origin)", "Access-Control-Request-Method: POST"],
                        "OPTIONS"
                    ).status == 403
                )
            }
            #expect(try status("localhost:\(port)", ["Sec-Fetch-Site: cross-site"]).status == 403)
            let site = try status(
                "localhost:\(port)",
                ["Origin: https://chat.example.org", "Sec-Fetch-Site: cross-site"]
            )
            #expect(site.status == 200 && site.fields["access-control-allow-origin"] == "https://chat.example.org")
            let asked = [
                "Origin: https://chat.example.org", "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: authorization, content-type",
            ]
            let preflight = try status("localhost:\(port)", asked, "OPTIONS")
            #expect(
                preflight.status == 204
                    && preflight.fields["access-control-allow-headers"] == "authorization, content-type"
            )
            #expect(preflight.fields["access-control-allow-credentials"] == nil)
            // Any key is taken, and none.
            #expect(try status("localhost", ["Authorization: Bearer whatever"]).status == 200)
            #expect(server.end().status == 0)
        }
    }

    @Test("With tokens: by both headers, whatever the host; nothing but health without")
    func tokens() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens").path
            try "the-right-token\nanother-token\n".write(toFile: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(["--http", "127.0.0.1:0", "--token-file", file], in: directory)
            for path in ["/v1/models", "/metrics", "/flotilla/info", "/flotilla/stats"] {
                let answer = try server.get(path)
                #expect(answer.status == 401 && answer.fields["www-authenticate"] == "Bearer")
                #expect(answer.code == "invalid_api_key")
                #expect(try server.get(path, ["Authorization: Bearer the-right-token"]).status == 200)
                #expect(
                    try server.get(path, ["X-Api-Key: another-token", "Host: anywhere.example"].dropLast()).status
                        == 200
                )
            }
            for path in ["/health", "/ready", "/live", "/version"] { #expect(try server.get(path).status == 200) }
            let question = Bodies.chat("what is 3 plus 4?")
            #expect(try server.post("/v1/chat/completions", question).status == 401)
            #expect(
                try server.post("/v1/chat/completions", question, ["authorization: bearer the-right-token"]).status
                    == 200
            )
            #expect(try server.get("/v1/models", ["Authorization: Basic the-right-token"]).status == 401)
            #expect(try server.get("/v1/models?api_key=the-right-token").status == 401, "never in a URL")
            // A right token is no guess when it is shown again, and another on the same connection is one.
            let client = try server.http()
            for _ in 0..<20 {
                client.ask("GET", "/v1/models", ["Authorization: Bearer the-right-token"])
                #expect(try client.reply().status == 200)
            }
            client.ask("GET", "/v1/models", ["Authorization: Bearer the-right-tokem"])
            #expect(try client.reply().status == 401)
            #expect(server.end().status == 0)
            #expect(!server.errors.contains("the-right-token"))
        }
    }

    @Test("A token's requests count as one client's, however many connections they come by")
    func fairness() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens").path
            try "token-of-many\ntoken-of-one\n".write(toFile: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--http", "127.0.0.1:0", "--token-file", file, "--max-sequences", "1", "--context", "4096"],
                in: directory
            )
            let body = Array(Bodies.chat("tell me about the sea", #""max_tokens":400,"speculate":false"#).utf8)
            var many: [RawClient] = []
            for number in 0..<12 {
                let client = try server.http()
                client.ask(
                    "POST",
                    "/v1/chat/completions",
                    ["Authorization: Bearer token-of-many", "X-Request-Id: m\(number)"],
                    body: body
                )
                many.append(client)
            }
            #expect(Poll.until { ((try? server.figure("requests", "waiting")) ?? 0) >= 8 })
            let one = try server.http()
            one.ask(
                "POST",
                "/v1/chat/completions",
                ["Authorization: Bearer token-of-one", "X-Request-Id: single"],
                body: body
            )
            // What was over by then is over; this test may have waited for its turn before it asked.
            #expect(Poll.until { (try? server.figure("requests", "accepted")) == 13 })
            let waiting = try server.figure("requests", "waiting")
            for client in many + [one] { #expect(try client.reply().status == 200) }
            // In the log's order of ends: three were under way when it came, and nobody else passed it.
            func logged() -> [Substring] {
                server.errors.split(separator: "\n").filter { $0.contains("request ended") }
            }
            #expect(Poll.until { logged().count == 13 }, "the log is written by a thread of its own")
            let ends = logged()
            let place = try #require(ends.firstIndex { $0.contains("id=single") })
            #expect(place <= 6 + max(0, 9 - waiting), "\(waiting) were waiting: \(ends)")
            #expect(server.end().status == 0)
        }
    }
}
