import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// What people can do who reach a port and have no business there.
@Suite("Strangers", .serialized, .ownThread)
struct StrangerTests {
    static let plain = #"{"prompt":"what is 3 plus 4?"}"#

    @Test("the lines of a web page's POST are not carried out, however they come")
    func http() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--listen", "127.0.0.1:0"], in: directory)
            let port = try server.port(after: "127.0.0.1:")
            let body = "PING evil\r\nGENERATE r \(Self.plain)\r\n"
            let post = "POST / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: text/plain\r\n\r\n\(body)"
            for (name, bytes) in [
                ("POST", Array(post.utf8)), ("TLS", [0x16, 0x03, 0x01, 0x00, 0x05, 10] + Array("\n\(body)".utf8)),
            ] {
                for piece in [bytes.count, 7, 1] {
                    let client = try #require(RawClient(port: port))
                    _ = try client.event()
                    for start in stride(from: 0, to: bytes.count, by: piece) {
                        client.send(Array(bytes[start..<min(start + piece, bytes.count)]))
                    }
                    guard case .err(nil, let error) = try client.event() else {
                        Issue.record("\(name) was not refused")
                        continue
                    }
                    #expect(error.code == .badLine && error.fatal)
                    #expect(error.message.contains(name == "TLS" ? "TLS" : "HTTP"))
                    #expect(throws: RawClient.Closed.self) { try client.line() }
                }
            }
            #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.")
            let log = server.end().errors
            #expect(log.contains("a client speaks HTTP, and not FLOTILLA/1"))
        }
    }

    @Test("guessing tokens becomes slow, for that address's right ones too, and the log stays short")
    func guesses() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens").path
            try "the-right-token\n".write(toFile: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(
                ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--token-file", file],
                in: directory
            )
            let port = try server.port(after: "127.0.0.1:")
            func hello(_ token: String) throws -> RawClient {
                let client = try #require(RawClient(port: port))
                _ = try client.event()
                client.send(#"HELLO {"token":"\#(token)"}"#)
                return client
            }
            for number in 0..<3 { #expect(try HostileClientTests.code(try hello("wrong-\(number)")) == .auth) }
            // HTTP is no way around it.
            for _ in 0..<2 { #expect(try MonitoringTests.get(server, "/metrics", token: "guess").status == 401) }
            // What comes at once waits in a row, or is told to come later.
            let crowd = try (0..<20).map { try hello("guess-\($0)") }
            let codes = try crowd.map { try HostileClientTests.code($0) }
            #expect(codes.contains(.busy) && codes.filter { $0 == .auth }.count < 10, "\(codes)")
            #expect(try MonitoringTests.get(server, "/health").status == 200)
            // The operator's socket asks for no token, and waits for nobody.
            #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.")
            let log = server.end().errors
            #expect(log.components(separatedBy: "a wrong token was shown").count <= 12, "\(log)")
            #expect(log.contains("127.0.0.1"))
        }
    }

    @Test("what stands behind a token that has to wait is taken when it was right, pictures too")
    func pipelined() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens").path
            try "the-right-token\n".write(toFile: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(["--listen", "127.0.0.1:0", "--token-file", file], in: directory)
            let port = try server.port(after: "127.0.0.1:")
            for _ in 0..<4 {
                let client = try #require(RawClient(port: port))
                client.send(#"HELLO {"token":"wrong-one"}"#)
                _ = client.isClosed()
            }
            let client = try #require(RawClient(port: port))
            _ = try client.event()
            client.send("HELLO {\"token\":\"the-right-token\"}\nBLOB r 0 3\nabc\nPING p")
            #expect(try client.line() == "OK HELLO {}")
            #expect(try client.line() == "PONG p")
            #expect(server.end().status == 0)
        }
    }

    @Test("an address has so many connections without a token; those who have shown one do not count")
    func unproven() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens").path
            try "the-right-token\n".write(toFile: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(["--listen", "127.0.0.1:0", "--token-file", file], in: directory)
            let port = try server.port(after: "127.0.0.1:")
            var proven: [RawClient] = []
            for _ in 0..<40 {
                let client = try #require(RawClient(port: port))
                client.send(#"HELLO {"token":"the-right-token"}"#)
                _ = try client.event()
                #expect(try client.line() == "OK HELLO {}")
                proven.append(client)
            }
            let idle = try (0..<40).map { _ in try #require(RawClient(port: port)) }
            let first = try idle.map { try $0.event() }
            let refused = first.filter { if case .err(_, let error) = $0 { error.code == .busy } else { false } }
            #expect(refused.count == 8)
            withExtendedLifetime(proven) {}
            #expect(server.end().status == 0)
        }
    }

    @Test("peers of the link that are turned away fill no log")
    func linkPeers() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let port = try #require(RawClient.freePort())
            let server = try ServerProcess(["--link", "127.0.0.1:\(port)"], in: directory)
            for _ in 0..<300 { RawClient(port: port)?.send("GET / HTTP/1.1") }
            #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.")
            #expect(Poll.until { server.errors.contains("link: and ") }, "the others are counted")
            let log = server.end().errors
            #expect(log.components(separatedBy: "turned a peer away").count <= 12)
        }
    }

    @Test("a head over HTTP may have so many bytes, and a body is not waited for")
    func longHead() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let port = try server.port(after: "http://")
            let client = try #require(RawClient(port: port))
            let line = "X-Filler: " + String(repeating: "a", count: 1000) + "\r\n"
            client.send(Array(("GET /health HTTP/1.1\r\n" + String(repeating: line, count: 40)).utf8))
            // Not 408, which would be for want of the rest.
            #expect(try client.line().contains("431"), "40 kB of a head")
            #expect(client.isClosed())
            // A body is nothing to wait for.
            let post = try #require(RawClient(port: port))
            post.send(Array("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc".utf8))
            #expect(try post.line().contains("405"))
            #expect(server.end().status == 0)
        }
    }
}
