import Foundation
import Requests
import Testing

@testable import OpenAIProtocol

struct ChatStreamTests {
    static func piece(_ text: String, ids: [Int32] = [1], logprobs: [TokenLogprobs] = []) -> Piece {
        Piece(text: text, ids: ids, logprobs: logprobs)
    }

    static func stream(_ members: String = #""stream":true"#, _ events: [RequestEvent]) throws -> [AnswerOutput] {
        var writer = ChatStream(Samples.frame, try Samples.request(members))
        return events.flatMap { writer.take($0, choice: 0) }
    }

    static let whole: [RequestEvent] = [
        Samples.ack, .progress(.init(stage: "prefill", done: 512, total: 2048)), .thinking(piece("hm")),
        .thinking(piece("", ids: [2])), .answer(piece("a\n\"é\"")), .answer(piece("b")),
        Samples.end("a\n\"é\"b", thinking: "hm"),
    ]

    @Test("The status with ACK, then the role, reasoning by both names, content, the end, and DONE")
    func order() throws {
        let output = try Self.stream(#""stream":true,"user":"x""#, Self.whole)
        guard case .begin(let fields)? = output.first else { throw APIError.draining }
        #expect(fields.contains(HTTPField("x-accel-buffering", "no")))
        #expect(fields.contains(HTTPField("flotilla-ignored", "user")))
        #expect(output.last == .finish)
        let (data, lines) = try Samples.events(output)
        #expect(lines == [": prefill 512/2048", "data: [DONE]"])
        let deltas = data.map { (($0["choices"] as? [[String: Any]])?[0]["delta"] as? [String: String]) ?? [:] }
        #expect(
            deltas == [
                ["role": "assistant", "content": ""], ["reasoning_content": "hm", "reasoning": "hm"],
                ["content": "a\n\"é\""], ["content": "b"], [:],
            ]
        )
        #expect(Set(data.map { $0["id"] as? String }) == ["chatcmpl-1"])
        #expect(Set(data.map { $0["created"] as? Int }) == [1_700_000_000])
        #expect(data.allSatisfy { $0["usage"] == nil && $0["object"] as? String == "chat.completion.chunk" })
        let last = try #require(data.last)
        #expect((last["choices"] as? [[String: Any]])?[0]["finish_reason"] as? String == "stop")
        let flotilla = try #require(last["flotilla"] as? [String: Any])
        #expect(flotilla["seed"] as? Int == 7 && flotilla["queued"] as? Int == 2 && flotilla["tiles"] as? [Int] == [1])
        #expect(flotilla["finish"] as? String == "stop" && flotilla["timing"] is [String: Any])
        #expect(data.dropLast().allSatisfy { $0["flotilla"] == nil })
    }

    @Test("Usage comes once, where it is asked for, and is null before")
    func usage() throws {
        let output = try Self.stream(#""stream":true,"stream_options":{"include_usage":true}"#, Self.whole)
        let (data, _) = try Samples.events(output)
        #expect(data.dropLast().allSatisfy { $0["usage"] is NSNull })
        let last = try #require(data.last)
        #expect((last["choices"] as? [Any])?.isEmpty == true)
        let usage = try #require(last["usage"] as? [String: Any])
        #expect(usage["prompt_tokens"] as? Int == 20 && usage["completion_tokens"] as? Int == 5)
        #expect(usage["total_tokens"] as? Int == 25)
        #expect(usage["prompt_tokens_details"] as? [String: Int] == ["cached_tokens": 4, "image_tokens": 16])
        #expect(usage["completion_tokens_details"] as? [String: Int] == ["reasoning_tokens": 2])
    }

    @Test("Progress as events, for those who ask")
    func progress() throws {
        let output = try Self.stream(#""stream":true,"return_progress":true"#, Array(Self.whole.prefix(2)))
        #expect(
            output.last
                == .event(
                    Array(
                        "event: progress\ndata: {\"stage\":\"prefill\",\"done\":512,\"total\":2048,\"note\":null}\n\n"
                            .utf8
                    )
                )
        )
    }

    @Test("Reasoning inside the content, or nowhere")
    func styles() throws {
        func text(_ members: String, _ events: [RequestEvent]) throws -> String {
            let (data, _) = try Samples.events(try Self.stream(members, events))
            return data.compactMap {
                (($0["choices"] as? [[String: Any]])?.first?["delta"] as? [String: String])?["content"]
            }
            .joined()
        }
        let inline = #""stream":true,"reasoning_format":"inline""#
        #expect(try text(inline, Self.whole) == "<think>hm</think>a\n\"é\"b")
        let cut = [Samples.ack, .thinking(Self.piece("hm")), Samples.end("", thinking: "hm", finish: "length")]
        #expect(try text(inline, cut) == "<think>hm</think>")
        #expect(try text(#""stream":true,"include_reasoning":false"#, Self.whole) == "a\n\"é\"b")
    }

    @Test("Log-probabilities stand with the text that they are of")
    func logprobs() throws {
        let entry = TokenLogprobs(id: 5, logprob: -0.5, top: [.init(id: 5, logprob: -0.5), .init(id: 6, logprob: -1)])
        let events = [
            Samples.ack, .thinking(Self.piece("hm", ids: [5], logprobs: [entry])),
            .answer(Self.piece("a", ids: [5], logprobs: [entry])), Samples.end("a", thinking: "hm"),
        ]
        let (data, _) = try Samples.events(try Self.stream(#""stream":true,"logprobs":true,"top_logprobs":1"#, events))
        let found = data.map { ($0["choices"] as? [[String: Any]])?[0]["logprobs"] as? [String: Any] }
        #expect((found[1]?["reasoning"] as? [Any])?.count == 1 && found[1]?["content"] is NSNull)
        let content = try #require((found[2]?["content"] as? [[String: Any]])?.first)
        #expect(content["token"] as? String == "t5" && content["bytes"] as? [Int] == [116, 53])
        #expect((content["top_logprobs"] as? [Any])?.count == 1)
    }

    @Test("Several answers end by themselves, and the stream with the last")
    func several() throws {
        var writer = ChatStream(Samples.frame, try Samples.request(#""stream":true,"n":2,"temperature":1"#))
        var output = writer.take(Samples.ack, choice: 0) + writer.take(Samples.ack, choice: 1)
        output += writer.take(Samples.end("a"), choice: 1)
        #expect(!output.contains(.finish))
        output += writer.take(Samples.end("b"), choice: 0)
        #expect(output.last == .finish)
        #expect(output.count { if case .begin = $0 { true } else { false } } == 1)
        let (data, _) = try Samples.events(output)
        let indices = data.map { ($0["choices"] as? [[String: Any]])?[0]["index"] as? Int }
        #expect(indices == [0, 1, 1, 0])
    }

    @Test("What is refused before ACK has a status; what fails later is an event, and then it is over")
    func errors() throws {
        let early = try Self.stream([.failed(RequestError(.busy, "full", retryAfterMilliseconds: 1500))])
        guard case .reply(let reply)? = early.first else { throw APIError.draining }
        #expect(reply.status == 429 && early.count == 1)
        #expect(
            reply.fields.contains(HTTPField("retry-after", "2"))
                && reply.fields.contains(HTTPField("retry-after-ms", "1500"))
        )
        for event in [RequestEvent.failed(RequestError(.rankLost, "gone")), Samples.end("", finish: "cancelled")] {
            let late = try Self.stream([Samples.ack, event, Samples.end("x")])
            let (data, lines) = try Samples.events(late)
            #expect(data.count == 2 && data[1]["error"] is [String: Any] && lines == ["data: [DONE]"])
            #expect(late.last == .finish)
        }
    }

    static func stream(_ events: [RequestEvent]) throws -> [AnswerOutput] { try stream(#""stream":true"#, events) }

    @Test("Silence is a comment, between the first chunk and the last")
    func silence() throws {
        var writer = ChatStream(Samples.frame, try Samples.request(#""stream":true"#))
        #expect(writer.quiet().isEmpty)
        _ = writer.take(Samples.ack, choice: 0)
        #expect(writer.quiet() == [.event(Array(": waiting\n\n".utf8))])
        _ = writer.take(Samples.end("a"), choice: 0)
        #expect(writer.quiet().isEmpty)
    }
}
