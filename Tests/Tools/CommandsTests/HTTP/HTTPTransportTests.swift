import Foundation
import TestSupport
import Testing

/// Every rule about heads, bodies and connections, byte by byte.
@Suite("HTTP on the wire", .serialized, .ownThread)
struct HTTPTransportTests {
    static let question = Bodies.chat("what is 3 plus 4?")

    @Test("Connections are kept, and requests that are sent without waiting are answered in turn")
    func pipelining() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let client = try server.http()
            let body = Array(Self.question.utf8)
            client.ask("POST", "/v1/chat/completions", ["X-Request-Id: first"], body: body)
            client.ask("GET", "/version", ["X-Request-Id: second"])
            client.ask(
                "POST",
                "/v1/chat/completions",
                ["X-Request-Id: third"],
                body: Array(Self.question.dropLast().utf8) + Array(#","stream":true}"#.utf8)
            )
            client.ask("HEAD", "/health", ["X-Request-Id: fourth"])
            client.ask("GET", "/nothing", ["X-Request-Id: not an id"])
            client.ask("POST", "/tokenize", body: Array(#"{"prompt":"x"}"#.utf8))
            for name in ["first", "second", "third", "fourth"] {
                let answer = try client.reply(toHead: name == "fourth")
                #expect(answer.status == 200 && answer.fields["x-request-id"] == name)
                if name == "first" { #expect(answer.content == "3 + 4 = 7.") }
                if name == "third" { #expect(answer.streamedText == "3 + 4 = 7.") }
            }
            let odd = try client.reply()
            #expect(odd.status == 404 && odd.fields["x-request-id"]?.hasPrefix("req-") == true)
            #expect(try client.reply().object["count"] as? Int == 1)
            // A hundred at once, each in its turn.
            for number in 0..<100 { client.ask("GET", "/v1/models", ["X-Request-Id: n\(number)"]) }
            for number in 0..<100 { #expect(try client.reply().fields["x-request-id"] == "n\(number)") }
            #expect(server.end().status == 0)
            #expect(server.errors.contains("id=first"), "the client's name is in the log")
            #expect(!server.errors.contains("what is 3 plus 4"), "and what it asked is not")
        }
    }

    @Test("Methods, types, sizes and paths have statuses of their own, in JSON")
    func statuses() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0", "--http-max-body", "2000"], in: directory)
            let cases: [(method: String, path: String, fields: [String], body: String?, status: Int, code: String?)] = [
                ("GET", "/nothing", [], nil, 404, "not_found"), ("POST", "/v1/completions", [], "{}", 404, "not_found"),
                ("POST", "/v1/embeddings", [], "{}", 404, "not_found"),
                ("PUT", "/v1/models", [], nil, 405, "method_not_allowed"),
                ("GET", "/v1/chat/completions", [], nil, 405, "method_not_allowed"),
                ("POST", "/health", [], "{}", 405, "method_not_allowed"), ("OPTIONS", "/v1/models", [], nil, 204, nil),
                ("OPTIONS", "*", [], nil, 204, nil),
                ("POST", "/tokenize", ["Content-Type: text/plain"], "{}", 415, "unsupported_media_type"),
                (
                    "POST", "/tokenize", ["Content-Type: application/x-www-form-urlencoded"], "a=b", 415,
                    "unsupported_media_type"
                ),
                (
                    "POST", "/tokenize", ["Content-Type: application/json", "Content-Type: text/plain"], "{}", 415,
                    "unsupported_media_type"
                ),
                ("POST", "/tokenize", ["Content-Encoding: gzip"], "{}", 415, "unsupported_media_type"),
                ("POST", "/tokenize", [], "{", 400, "bad_json"), ("POST", "/tokenize", [], "", 400, "bad_json"),
                ("POST", "/tokenize", ["Content-Type: application/json; charset=utf-8"], #"{"prompt":"x"}"#, 200, nil),
                ("POST", "/v1/chat/completions", [], "[]", 400, "invalid_value"),
                // A token that the vocabulary has not.
                (
                    "POST", "/v1/chat/completions", [], Bodies.chat("x", #""logit_bias":{"100000":1}"#), 400,
                    "invalid_value"
                ),
                ("POST", "/v1/chat/completions", [], String(repeating: "x", count: 2001), 413, "request_too_large"),
            ]
            for one in cases {
                let client = try server.http()
                client.ask(one.method, one.path, one.fields, body: one.body.map { Array($0.utf8) })
                let answer = try client.reply()
                #expect(answer.status == one.status && answer.code == one.code, "\(one): \(answer)")
                #expect(answer.fields["x-request-id"] != nil)
                #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
                if one.status == 405 || one.status == 204 { #expect(answer.fields["allow"] != nil) }
                if one.code != nil { #expect(answer.fields["content-type"] == "application/json") }
            }
            let metrics = try server.get("/metrics").text
            for status in Set(cases.map(\.status)) {
                let line = #/flotilla:http_requests_total\{[^}]*status="(\d+)"\} (\d+)/#
                let told = metrics.matches(of: line).first { $0.1 == "\(status)" }.flatMap { Int($0.2) }
                #expect(told == cases.count { $0.status == status }, "\(status)")
            }
            // What is too large is refused before a byte of it is read.
            let client = try server.http()
            client.ask("POST", "/tokenize", ["Content-Length: 999999999", "Content-Type: application/json"])
            #expect(try client.reply().status == 413)
            #expect(client.isClosed())
            #expect(server.end().status == 0)
        }
    }

    @Test("Chunked bodies, and leave to send one")
    func bodies() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0", "--http-max-body", "100000"], in: directory)
            let client = try server.http()
            let head = ["Transfer-Encoding: chunked", "Content-Type: application/json"]
            client.ask("POST", "/v1/chat/completions", head)
            let body = Array(Self.question.utf8)
            for start in stride(from: 0, to: body.count, by: 7) {
                let part = body[start..<min(start + 7, body.count)]
                client.send(Array("\(String(part.count, radix: 16));x=y\r\n".utf8) + part + Array("\r\n".utf8))
            }
            client.send(Array("0\r\nTrailer: x\r\n\r\n".utf8))
            #expect(try client.reply().content == "3 + 4 = 7.")
            client.ask("POST", "/v1/chat/completions", head)
            let large = [UInt8](repeating: 32, count: 60_000)
            for _ in 0..<2 {
                client.send(Array("\(String(large.count, radix: 16))\r\n".utf8) + large + Array("\r\n".utf8))
            }
            #expect(try client.reply().status == 413)
            #expect(client.isClosed())
            let patient = try server.http()
            let expect = ["Expect: 100-continue", "Content-Type: application/json", "Content-Length: \(body.count)"]
            patient.ask("POST", "/v1/chat/completions", expect)
            #expect(try patient.head().status == 100)
            patient.send(body)
            #expect(try patient.reply().content == "3 + 4 = 7.")
            patient.ask(
                "POST",
                "/tokenize",
                ["Expect: 100-continue", "Content-Type: application/json", "Content-Length: 100001"]
            )
            #expect(try patient.reply().status == 413)
            #expect(patient.isClosed())
            #expect(server.end().status == 0)
        }
    }

    @Test("Smuggled, broken and endless requests end their connection, and reach nobody")
    func smuggling() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let hidden = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let start = "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            let requests = [
                start + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + hidden,
                start + "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + hidden,
                start + "Content-Length: 2, 2\r\n\r\n{}" + hidden, start + "Content-Length: +2\r\n\r\n{}" + hidden,
                start + "Content-Length: -2\r\n\r\n{}" + hidden, start + "Content-Length: 0x2\r\n\r\n{}" + hidden,
                start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + hidden,
                start + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}" + hidden,
                start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
                start + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + hidden,
                start + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + hidden,
                "GET /version HTTP/1.1\r\n\r\n" + hidden,
                "GET /version HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n" + hidden,
                "GET /version HTTP/2.0\r\nHost: localhost\r\n\r\n" + hidden, "nonsense\r\n\r\n" + hidden,
                "GET /version HTTP/1.1\r\nHost: localhost\r\nX: a\u{0}b\r\n\r\n" + hidden,
                "GET /version HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n" + hidden,
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            ]
            for request in requests {
                let client = try server.http()
                client.send(Array(request.utf8))
                let answer = try client.reply()
                #expect((400..<500).contains(answer.status), "\(request)")
                #expect(answer.code != nil && answer.fields["connection"] == "close", "\(request)")
                #expect(client.isClosed(), "\(request)")
            }
            #expect(try server.get("/version").status == 200)
            #expect(server.end().status == 0)
        }
    }

    @Test("Heads are bounded in bytes and in fields")
    func heads() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            for fields in [
                ["X: " + String(repeating: "x", count: 40_000)], (0..<120).map { "X-\($0): y" },
                (0..<90).map { "X-\($0): " + String(repeating: "y", count: 500) },
            ] {
                let client = try server.http()
                client.ask("GET", "/version", fields)
                let answer = try client.reply()
                #expect(answer.status == 431 && answer.code == "headers_too_large")
            }
            let client = try server.http()
            client.send(Array(("GET /" + String(repeating: "a", count: 40_000)).utf8))
            #expect(try client.reply().status == 431)
            #expect(try server.get("/version", (0..<90).map { "X-\($0): y" }).status == 200)
            #expect(server.end().status == 0)
        }
    }

    @Test("Who is slow with a head is told, and who says nothing is let go")
    func slow() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let silent = try server.http()
            let loris = try server.http()
            let fed = try server.http()
            loris.send(Array("GET /version HTTP/1.1\r\nHost: loc".utf8))
            let drip = Array("GET /version HTTP/1.1\r\nHost: localhost\r\nX: ".utf8)
            fed.send(drip)
            let ends = Date(timeIntervalSinceNow: 14)
            while Date() < ends {
                fed.send([120])
                usleep(500_000)
            }
            #expect(try loris.reply().status == 408)
            #expect(try fed.reply().code == "request_timeout", "a byte now and then does not help")
            #expect(silent.isClosed())
            #expect(server.end().status == 0)
        }
    }

    @Test("HTTP/1.0, an upgrade that is not wanted, and half-close behind an answer at once")
    func oldAndOdd() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let old = try server.http()
            old.send(Array("GET /version HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8))
            #expect(try old.reply().status == 200)
            #expect(old.isClosed())
            let stream = try server.http()
            let body = Self.question.dropLast() + #","stream":true}"#
            stream.send(
                Array(
                    ("POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8
                )
            )
            let answer = try stream.reply()
            #expect(answer.streamedText == "3 + 4 = 7." && answer.fields["transfer-encoding"] == nil)
            let java = try server.http()
            java.ask(
                "POST",
                "/v1/chat/completions",
                ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"],
                body: Array(Self.question.utf8)
            )
            let plain = try java.reply()
            #expect(plain.content == "3 + 4 = 7." && plain.fields["connection"] == "close")
            let half = try server.http()
            half.ask("GET", "/version")
            half.halfClose()
            #expect(try half.reply().status == 200)
            #expect(server.end().status == 0)
        }
    }

    @Test("A reader that leaves its answer is cut off, and nobody waits for it")
    func slowReader() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let client = try server.http()
            for _ in 0..<40_000 { client.ask("GET", "/flotilla/info"); if client.isStuck { break } }
            #expect(try server.chat(Self.question).content == "3 + 4 = 7.")
            #expect(Poll.until { server.errors.contains("SLOW_CONSUMER") })
            #expect(server.end().status == 0)
        }
    }
}
