import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// What clients do by mistake or on purpose, and that nobody else notices.
@Suite("Hostile clients", .serialized, .ownThread)
struct HostileClientTests {
    static let plain = #"{"prompt":"what is 3 plus 4?"}"#

    @Test("broken input hurts only its own connection, and every limit has its code")
    func brokenInput() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                ["--max-line", "4096", "--max-blob", "1000", "--max-images", "2"],
                in: directory
            )
            let good = try server.ask(Self.plain)
            #expect(good.end?.text == "3 + 4 = 7.")
            let other = try server.connect()
            try Self.lines(server)
            try Self.blobs(server)
            try Self.bodies(server)
            other.send("GENERATE r \(Self.plain)")
            #expect(try other.answer("r").ids == good.ids, "another client noticed")
            #expect(server.end().status == 0)
        }
    }

    /// Lines that are too long, not UTF-8, cut at every byte, or not ended.
    static func lines(_ server: ServerProcess) throws {
        let long = try server.connect()
        long.send([UInt8](repeating: 65, count: 5000))
        #expect(try code(long) == .lineTooLong)
        #expect(long.isClosed())
        let binary = try server.connect()
        binary.send([0xC3, 0x28, 10])
        #expect(try code(binary) == .badLine)
        #expect(binary.isClosed())
        let slow = try server.connect()
        for byte in Array("PING\r\n\nGENERATE r \(plain)\n".utf8) { slow.send([byte]) }
        #expect(try slow.line() == "PONG")
        #expect(try slow.answer("r").end?.text == "3 + 4 = 7.")
        let open = try server.connect()
        open.send(Array("PING".utf8))
        open.halfClose()
        #expect(try code(open) == .badLine)
        #expect(open.isClosed())
    }

    static func blobs(_ server: ServerProcess) throws {
        let client = try server.connect()
        client.send("BLOB r 0 1500")
        client.send([UInt8](repeating: 7, count: 1500) + [10])
        #expect(try code(client) == .blobTooBig)
        client.send("BLOB s 0 1\nA\nBLOB s 2 1\nA\nGENERATE s \(plain)")
        #expect(try code(client) == .tooManyImages)
        #expect(try code(client) == .tooManyImages, "an answer without the third picture")
        client.send("GENERATE s \(plain)")
        #expect(try client.answer("s").end?.usage.image == 0)
        client.send("BLOB r 0 3")
        client.send([7, 7, 7, 10])
        client.send(#"GENERATE r {"prompt":"what is it?"}"#)
        #expect(try code(client) == .badImage)
        client.send("PING")
        #expect(try client.line() == "PONG")
        client.send("BLOB r 0 3")
        client.send([7, 7, 7, 7, 10])
        #expect(try code(client) == .badLine)
        #expect(client.isClosed())
        let cut = try server.connect()
        cut.send("BLOB r 0 30\nonly so much")
        cut.halfClose()
        #expect(try code(cut) == .badLine)
        #expect(cut.isClosed())
        for header in ["BLOB", "BLOB r 0 -1", "BLOB r 0 99999999999999999999", "BLOB r x 1", "BLOB r 0", "BLOB ! 0 1"] {
            let broken = try server.connect()
            broken.send(header)
            #expect(try code(broken) == .badLine)
            #expect(broken.isClosed(), "\(header)")
        }
    }

    static func bodies(_ server: ServerProcess) throws {
        let client = try server.connect()
        let bodies: [(String, ErrorCode)] = [
            (String(repeating: "{\"a\":", count: 600), .badJSON), ("{\"prompt\":\"\\ud800\"}", .badJSON),
            ("{\"prompt\":7}", .badArgument), ("{}", .badArgument), ("{\"messages\":[]}", .badArgument),
            ("{\"prompt\":\"a\",\"max_tokens\":0}", .badArgument), ("{\"prompt\":\"a\",\"seed\":-1}", .badArgument),
            ("{\"prompt\":\"a\",\"temperature\":1e9}", .badArgument),
            ("{\"prompt\":\"a\",\"think\":\"maybe\"}", .badArgument),
            ("{\"prompt\":\"a\",\"stop\":[\"\"]}", .badArgument),
            ("{\"prompt\":\"a\",\"deadline_ms\":0}", .badArgument),
            ("{\"messages\":[{\"role\":\"pirate\",\"content\":\"a\"}]}", .badArgument),
            (
                "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"path\":\"/etc/passwd\"}]}]}",
                .badArgument
            ),
            ("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"sha256\":\"00\"}]}]}", .badArgument),
        ]
        for (body, expected) in bodies {
            client.send("GENERATE r \(body)")
            let found = try code(client)
            #expect(found == expected, "\(body.prefix(60)): \(found?.rawValue ?? "nothing")")
        }
        client.send("GENERATE r \(plain.dropLast()),\"unknown\":{\"a\":[1]},\"stop\":null}")
        #expect(try client.answer("r").end?.finish == "stop")
    }

    static func code(_ client: RawClient) throws -> ErrorCode? {
        while true { if case .err(_, let error) = try client.event() { return error.code } }
    }

    @Test("a client that does not read is cut off, and holds nobody up")
    func slowReader() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let deaf = try server.connect()
            // Some megabytes of answers that nobody takes.
            let asking = Thread { for _ in 0..<20_000 { deaf.send("INFO") } }
            asking.start()
            for _ in 0..<5 { #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.") }
            let wasCut = Poll.until {
                ((try? server.stats())?["errors"] as? [String: Any] ?? (try? server.stats())?["requests"]
                    as? [String: Any])
                    .map { "\($0)".contains("SLOW_CONSUMER") } ?? false
            }
            #expect(wasCut)
            #expect(server.end().status == 0)
        }
    }

    @Test("two thousand idle connections cost the others nothing")
    func idleConnections() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let count = min(2000, Int(limit.rlim_cur) / 2)
            let idle = try (0..<count).map { _ in try #require(RawClient(path: server.path)) }
            #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.")
            let open = (try server.stats()["connections"] as? [String: Any])?["open"] as? Int ?? 0
            #expect(open > count)
            withExtendedLifetime(idle) {}
            #expect(server.end().status == 0)
        }
    }

    @Test("without the right token nothing is done; only an admin may drain")
    func tokens() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("tokens")
            try "friend-token\nchief-token admin # may drain\n".write(to: file, atomically: true, encoding: .utf8)
            let server = try ServerProcess(["--listen", "127.0.0.1:0", "--token-file", file.path], in: directory)
            let port = try #require(
                server.errors.split(separator: "\n").lazy.compactMap { line in
                    line.hasPrefix("listening on 127.0.0.1:") ? Int(line.split(separator: ":").last ?? "") : nil
                }.first
            )
            for first in ["PING", "HELLO {\"token\":\"friend-tokem\"}", "HELLO {}", "BLOB r 0 5"] {
                let stranger = try #require(RawClient(port: port))
                guard case .greeting(let greeting) = try stranger.event() else { return }
                #expect(greeting.auth)
                stranger.send(first)
                #expect(try Self.code(stranger) == .auth)
                #expect(stranger.isClosed())
            }
            let friend = try #require(RawClient(port: port))
            _ = try friend.event()
            friend.send("HELLO {\"token\":\"friend-token\"}")
            #expect(try friend.line() == "OK HELLO {}")
            friend.send("GENERATE r \(Self.plain)")
            #expect(try friend.answer("r").end?.finish == "stop")
            friend.send("DRAIN d")
            #expect(try Self.code(friend) == .auth)
            let chief = try #require(RawClient(port: port))
            _ = try chief.event()
            chief.send("HELLO {\"token\":\"chief-token\"}\nDRAIN d")
            #expect(try chief.line() == "OK HELLO {}")
            #expect(try chief.line().hasPrefix("OK d"))
            #expect(server.running.wait().status == 0)
        }
    }
}
