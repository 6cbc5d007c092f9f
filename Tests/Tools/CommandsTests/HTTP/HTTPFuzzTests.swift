import Foundation
import TestSupport
import Testing

/// Ten thousand requests that nobody would send, to a server that goes on.
@Suite("HTTP under a storm", .serialized, .ownThread)
struct HTTPFuzzTests {
    @Test("Ten thousand heads and bodies of a seeded fuzzer: no crash, no leak, and the same answer afterwards")
    func storm() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0", "--log-level", "error"], in: directory)
            let pid = server.running.process.processIdentifier
            var random = SeededRandom(seed: 20_14)
            let expected = try server.chat(HTTPTransportTests.question).content
            func round(_ count: Int) throws {
                for _ in 0..<count {
                    let client = try server.http()
                    let requests = (0..<10).flatMap { _ in Self.request(&random) }
                    client.send(requests)
                    if Bool.random(using: &random) { client.halfClose() }
                    if Int.random(in: 0...3, using: &random) == 0 { client.reset() } else { client.drain() }
                }
            }
            // What a server needs once is not a leak.
            try round(300)
            #expect(server.isIdle())
            let before = Self.memory(pid)
            try round(700)
            #expect(server.isIdle())
            let grown = Self.memory(pid) - before
            #expect(grown < 64 << 20, "\(grown) bytes more")
            #expect(Self.descriptors(pid) < 60)
            #expect(try server.chat(HTTPTransportTests.question).content == expected)
            #expect(server.end().status == 0)
        }
    }

    private static func request(_ random: inout SeededRandom) -> [UInt8] {
        let methods = ["GET", "POST", "POST", "POST", "OPTIONS", "HEAD", "DELETE", "get", "P OST"]
        let paths = [
            "/v1/chat/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "/v1/responses",
            "/v1/models/%ff",
            "/health", "/metrics", "*", "", "//", "/v1/chat/completions/input_tokens", "http://evil/",
            "/flotilla/stats",
        ]
        let fields = [
            "Host: localhost", "Host: localhost", "Host: evil", "Content-Type: application/json", "Content-Type: x",
            "Transfer-Encoding: chunked", "Expect: 100-continue", "Origin: null", "X-Request-Id: \u{7F}",
            "Connection: close",
            "Content-Encoding: br", "Upgrade: h2c", "Authorization: Bearer \(Int.random(in: 0...9, using: &random))",
        ]
        let bodies = [
            "{}", #"{"messages":[{"role":"user","content":"x"}],"max_tokens":1}"#, #"{"prompt":"x"}"#,
            #"{"tokens":[1]}"#, "[",
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:;base64,AAAA"}]}]}"#,
            #"{"input":"x","max_output_tokens":1,"stream":true}"#,
            #"{"messages":[{"role":"user","content":"x"}],"n":99}"#,
            #"{"messages":[{"role":"user","content":"x"}],"max_tokens":1,"stream":true}"#, "",
        ]
        var body = Array(random.one(of: bodies).utf8)
        var lines = ["\(random.one(of: methods)) \(random.one(of: paths)) HTTP/1.1"]
        lines += ["Host: localhost", "Content-Type: application/json"].filter { _ in
            Int.random(in: 0...9, using: &random) > 0
        }
        lines += (0..<Int.random(in: 0...2, using: &random)).map { _ in random.one(of: fields) }
        lines.append("Content-Length: \(body.count + random.one(of: [0, 0, 0, 0, 0, 0, 1, -1]))")
        if Int.random(in: 0...9, using: &random) == 0, !body.isEmpty {
            body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        var bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
        if Int.random(in: 0...9, using: &random) == 0 {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
    }

    private static func memory(_ pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
    }

    private static func descriptors(_ pid: Int32) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
    }
}
