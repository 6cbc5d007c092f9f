import Foundation
import TestSupport
import Testing

/// A client that goes takes its work with it.
@Suite("Leaving over HTTP", .serialized, .ownThread)
struct HTTPLeavingTests {
    enum Way: String, CaseIterable {
        case close, halfClose, reset
    }

    /// Nobody waits for its end.
    private static let long = #""max_tokens":12000,"speculate":false"#

    static func go(_ client: inout RawClient?, _ way: Way) {
        switch way {
        case .close: client = nil
        case .halfClose: client?.halfClose()
        case .reset: client?.reset()
        }
    }

    @Test("At any moment and in any way: ranks are free again, and the next request is answered")
    func stages() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--http", "127.0.0.1:0", "--context", "32768", "--max-sequences", "2"],
                in: directory
            )
            let words = String(repeating: "the sea is deep ", count: 1500)
            let picture = Bodies.dataURL(Array(try Data(contentsOf: Self.largePicture(directory))))
            let requests: [(stage: String, body: String)] = [
                ("decode", Bodies.chat("tell me about the sea", Self.long)),
                ("prefill", Bodies.chat(words, Self.long)),
                ("vision", Bodies.pictures([picture], "what is it?", Self.long)),
            ]
            for (stage, body) in requests {
                for way in Way.allCases {
                    for isStream in [true, false] {
                        let json = isStream ? String(body.dropLast()) + #","stream":true}"# : body
                        var client: RawClient? = try server.http()
                        client?.ask("POST", "/v1/chat/completions", body: Array(json.utf8))
                        #expect(Poll.until { (try? server.figure("requests", "running")) == 1 })
                        if isStream { _ = try client?.head() }
                        if isStream, stage == "decode" { _ = try client?.chunk() }
                        Self.go(&client, way)
                        #expect(server.isIdle(), "\(stage), \(way), stream \(isStream)")
                        if way == .halfClose { #expect(client?.isClosed() == true) }
                    }
                }
            }
            try waiting(server)
            // Nothing goes on in secret: no token is made for anybody.
            let before = try server.figure("tokens", "generated")
            #expect(try server.chat(Bodies.chat("hello", #""max_tokens":3"#)).status == 200)
            #expect(try server.figure("tokens", "generated") == before + 3)
            #expect(server.end().status == 0)
        }
    }

    /// Those that only wait in line leave it.
    private func waiting(_ server: ServerProcess) throws {
        let body = Array(
            Bodies.chat("tell me about the sea", #"\#(Self.long),"stream":true"#).utf8
        )
        var clients: [RawClient?] = []
        for _ in 0..<8 {
            let client = try server.http()
            client.ask("POST", "/v1/chat/completions", body: body)
            #expect(try client.head().status == 200)
            clients.append(client)
        }
        #expect(try server.figure("requests", "waiting") > 0)
        for index in clients.indices.reversed() { Self.go(&clients[index], Way.allCases[index % 3]) }
        #expect(server.isIdle())
    }

    @Test("A body that is never finished, and one that is left while it is read, are nobody's work")
    func bodies() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let large = Bodies.pictures([Bodies.dataURL([UInt8](repeating: 7, count: 3_000_000))], "x")
            for way in Way.allCases {
                for share in [0.1, 0.9, 1] {
                    var client: RawClient? = try server.http()
                    let count = large.utf8.count
                    client?.ask(
                        "POST",
                        "/v1/chat/completions",
                        ["Content-Length: \(count)"],
                        body: Array(large.utf8.prefix(Int(Double(count) * share)))
                    )
                    Self.go(&client, way)
                }
            }
            #expect(server.isIdle())
            #expect(try server.chat(Bodies.chat("what is 3 plus 4?")).content == "3 + 4 = 7.")
            #expect(server.end().status == 0)
        }
    }

    /// A picture of many tiles, made by the program's own tools.
    private static func largePicture(_ directory: URL) throws -> URL {
        let file = directory.appendingPathComponent("large.ppm.png")
        let script = """
            import struct, zlib, random
            random.seed(1)
            w, h = 1600, 1200
            rows = b"".join(b"\\0" + bytes(random.randrange(256) for _ in range(3)) * w for _ in range(h))
            def part(t, d): return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
            open("\(file.path)", "wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + part(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0))
                + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))
            """
        let made = try NetLab.run("python3", ["-c", script], lab: "none")
        #expect(made.status == 0, "\(made.errors)")
        return file
    }
}
