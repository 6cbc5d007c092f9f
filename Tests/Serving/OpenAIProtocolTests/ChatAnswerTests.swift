import Foundation
import Requests
import Testing

@testable import OpenAIProtocol

struct ChatAnswerTests {
    static func answer(_ members: String = "", _ events: [RequestEvent]) throws -> HTTPReply {
        var writer = ChatAnswer(Samples.frame, try Samples.request(members))
        let output = events.flatMap { writer.take($0, choice: 0) }
        guard output.count == 1, case .reply(let reply) = output[0] else { throw APIError.draining }
        return reply
    }

    static func message(_ reply: HTTPReply) throws -> [String: Any] {
        let object = try Samples.object(reply.body)
        let choice = try #require((object["choices"] as? [[String: Any]])?.first)
        return try #require(choice["message"] as? [String: Any])
    }

    @Test("Members, in the order in which people read them")
    func shape() throws {
        let reply = try Self.answer("", [Samples.ack, Samples.end("a", thinking: "hm")])
        #expect(reply.status == 200)
        let text = String(decoding: reply.body, as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"demo","#
                    + #""system_fingerprint":"fp_1","choices":[{"index":0,"message":{"role":"assistant","content":"a","#
                    + #""reasoning_content":"hm","reasoning":"hm","refusal":null},"logprobs":null,"finish_reason":"stop"}],"#
                    + #""usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"#
            )
        )
    }

    @Test("Content is always a text, and reasoning is there only where there was some")
    func content() throws {
        let cut = try Self.message(
            try Self.answer("", [Samples.ack, Samples.end("", thinking: "hm", finish: "length")])
        )
        #expect(cut["content"] as? String == "" && cut["reasoning"] as? String == "hm")
        let plain = try Self.message(try Self.answer("", [Samples.ack, Samples.end("a")]))
        #expect(plain["reasoning"] == nil && plain["reasoning_content"] == nil && plain["refusal"] is NSNull)
        let hidden = try Self.answer(#""include_reasoning":false"#, [Samples.ack, Samples.end("a", thinking: "hm")])
        #expect(try Self.message(hidden)["reasoning"] == nil)
        let inline = try Self.answer(#""reasoning_format":"none""#, [Samples.ack, Samples.end("a", thinking: "hm")])
        #expect(try Self.message(inline)["content"] as? String == "<think>hm</think>a")
    }

    @Test(
        "OpenAI knows two reasons to finish",
        arguments: [("stop", "stop"), ("stop_string", "stop"), ("length", "length"), ("deadline", "length")]
    )
    func finish(ours: String, theirs: String) throws {
        let object = try Samples.object(try Self.answer("", [Samples.ack, Samples.end("a", finish: ours)]).body)
        #expect((object["choices"] as? [[String: Any]])?[0]["finish_reason"] as? String == theirs)
        #expect((object["flotilla"] as? [String: Any])?["finish"] as? String == ours)
    }

    @Test("An end that a drain forced is an error")
    func drained() throws {
        let reply = try Self.answer("", [Samples.ack, Samples.end("a", finish: "cancelled")])
        #expect(reply.status == 503 && reply.fields.contains(HTTPField("x-should-retry", "false")))
    }

    @Test("Several answers have one usage")
    func several() throws {
        var writer = ChatAnswer(Samples.frame, try Samples.request(#""n":3,"temperature":1"#))
        var output: [AnswerOutput] = []
        for choice in [2, 0, 1] {
            output += writer.take(Samples.ack, choice: choice)
            output += writer.take(Samples.end("c\(choice)"), choice: choice)
        }
        guard output.count == 1, case .reply(let reply) = output[0] else { throw APIError.draining }
        let object = try Samples.object(reply.body)
        let choices = try #require(object["choices"] as? [[String: Any]])
        #expect(choices.map { ($0["message"] as? [String: Any])?["content"] as? String } == ["c0", "c1", "c2"])
        let usage = try #require(object["usage"] as? [String: Any])
        #expect(usage["prompt_tokens"] as? Int == 20 && usage["completion_tokens"] as? Int == 15)
    }
}
