import Foundation
import Testing

@testable import ServerClient

struct ServerSentEventsTests {
    private static let stream = """
        : a comment

        data: {"a":1}

        event: progress
        data:two
        data: lines
        id: 7

        data

        retry: 10

        database: no field of ours

        data: äöü\r\ndata: x\r\n\r\ndata: y\r\rdata: never ended
        """
    private static let events = [#"{"a":1}"#, "two\nlines", "", "äöü\nx", "y"]

    private static func read(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var parser = ServerSentEvents()
        return pieces.flatMap { parser.take($0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Comments, joined lines, all three line ends; what is not ended is no event")
    func whole() {
        #expect(Self.read([Array(Self.stream.utf8)[...]]) == Self.events)
    }

    @Test("Cut into pieces anywhere, the events are the same: 2,000 ways")
    func pieces() {
        let bytes = Array(Self.stream.utf8)
        var state: UInt64 = 7
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<2000 {
            var pieces: [ArraySlice<UInt8>] = []
            var place = 0
            while place < bytes.count {
                let end = min(bytes.count, place + below(9))
                pieces.append(bytes[place..<end])
                place = end
            }
            #expect(Self.read(pieces) == Self.events)
        }
    }
}

struct ChatChunkTests {
    private static func chunk(_ json: String) -> ChatChunk? { ChatChunk(json: Array(json.utf8)) }

    @Test("Text and thinking by any name, the end, the usage")
    func members() {
        for name in ["content", "reasoning_content", "reasoning"] {
            #expect(Self.chunk(#"{"choices":[{"delta":{"\#(name)":"x"},"finish_reason":null}]}"#)?.hasText == true)
        }
        let empty = Self.chunk(#"{"choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}"#)
        #expect(empty == ChatChunk())
        #expect(Self.chunk(#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#)?.finish == "stop")
        #expect(Self.chunk(#"{"choices":[],"usage":{"completion_tokens":12}}"#)?.generated == 12)
        #expect(Self.chunk("[DONE]") == nil && Self.chunk("7") == nil)
    }

    @Test("An error by its code, else its type, else its message")
    func errors() {
        #expect(Self.chunk(#"{"error":{"message":"m","type":"t","code":"busy"}}"#)?.error == "busy")
        #expect(Self.chunk(#"{"error":{"message":"m","type":"t","code":null}}"#)?.error == "t")
        #expect(Self.chunk(#"{"error":{"message":"m"}}"#)?.error == "m")
        #expect(Self.chunk(#"{"error":"text"}"#)?.error == "text")
        #expect(Self.chunk(#"{"error":null,"choices":[]}"#)?.error == nil)
    }
}

struct HTTPServerURLTests {
    @Test(
        "Where a server is, with or without /v1 and a path before it",
        arguments: [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "/v1/models"),
            ("localhost:80", "http://localhost:80", "/v1/models"),
            ("https://a.example/v1/", "https://a.example:443", "/v1/models"),
            ("http://a.example/llm/v1", "http://a.example:80/llm", "/llm/v1/models"),
            ("http://[::1]:9090", "http://[::1]:9090", "/v1/models"),
        ]
    )
    func read(text: String, description: String, path: String) throws {
        let url = try #require(HTTPServerURL(text))
        #expect(url.description == description && url.path("/v1/models") == path)
    }

    @Test("What is no such URL", arguments: ["ftp://a", "http://", "http://u:p@a", "http://a/?q=1", ""])
    func refused(text: String) { #expect(HTTPServerURL(text) == nil) }
}
