import Foundation
import Requests
import Testing
import WireProtocol

@testable import OpenAIProtocol

/// The Responses API, as far as it needs no state.
struct ResponseTests {
    static func request(_ json: String) throws -> ChatRequest {
        try ChatRequest(json: Array(json.utf8), Samples.rules, .responses)
    }

    static func error(_ json: String) -> APIError? {
        do {
            _ = try request(json)
            return nil
        } catch {
            return error as? APIError
        }
    }

    @Test("Input is a text, or items of which messages count")
    func input() throws {
        let text = try Self.request(#"{"input":"hi","instructions":"be kind","max_output_tokens":9}"#)
        #expect(
            text.generate.messages == [
                WireMessage(role: "system", parts: [.text("be kind")]), WireMessage(role: "user", parts: [.text("hi")]),
            ]
        )
        #expect(text.generate.options.sampling.maxTokens == 9)
        let items = try Self.request(
            """
            {"input":[{"role":"developer","content":"d"},{"type":"reasoning","id":"rs_1","summary":[]},
             {"type":"message","role":"user","content":[{"type":"input_text","text":"t"},
              {"type":"input_image","image_url":"data:;base64,AAAA","detail":"auto"}]},
             {"type":"message","id":"msg_1","status":"completed","role":"assistant",
              "content":[{"type":"output_text","text":"o","annotations":[]}]}]}
            """
        )
        #expect(items.generate.messages?.map(\.role) == ["system", "user", "assistant"])
        #expect(items.generate.messages?[1].parts == [.text("t"), .image(.data([0, 0, 0]))])
    }

    @Test(
        "What needs state, or tools, is refused by name",
        arguments: [
            (#""previous_response_id":"resp_1""#, "previous_response_id"), (#""conversation":"c""#, "conversation"),
            (#""background":true"#, "background"), (#""prompt":{"id":"p"}"#, "prompt"),
            (#""text":{"format":{"type":"json_schema","name":"x","schema":{"if":{}}}}"#, "text.format"),
            (#""tools":[{"type":"web_search"}]"#, "tools"),
        ]
    )
    func refused(member: String, param: String) {
        let error = Self.error("{\"input\":\"x\",\(member)}")
        #expect(error?.status == 400 && error?.code == "unsupported" && error?.param == param)
        #expect(Self.error(#"{"input":[{"type":"function_call_output","output":"x"}]}"#)?.code == "unsupported")
        #expect(Self.error("{}")?.param == "input")
    }

    @Test("Whole: reasoning and message are items of their own")
    func whole() throws {
        var writer = ResponseAnswer(Samples.frame, try Self.request(#"{"input":"x"}"#))
        var output = writer.take(Samples.ack, choice: 0)
        output += writer.take(Samples.end("a", thinking: "hm"), choice: 0)
        guard output.count == 1, case .reply(let reply) = output[0] else { throw APIError.draining }
        let object = try Samples.object(reply.body)
        #expect(object["object"] as? String == "response" && object["status"] as? String == "completed")
        let items = try #require(object["output"] as? [[String: Any]])
        #expect(items.map { $0["type"] as? String } == ["reasoning", "message"])
        #expect((items[1]["content"] as? [[String: Any]])?[0]["text"] as? String == "a")
        #expect((object["usage"] as? [String: Any])?["output_tokens"] as? Int == 5)
    }

    @Test("Streamed: numbered events that say the same as the whole at their end")
    func streamed() throws {
        var writer = ResponseAnswer(Samples.frame, try Self.request(#"{"input":"x","stream":true}"#))
        var output = writer.take(Samples.ack, choice: 0)
        output += writer.take(.thinking(Piece(text: "hm", ids: [1])), choice: 0)
        output += writer.take(.answer(Piece(text: "a", ids: [1])), choice: 0)
        output += writer.take(.answer(Piece(text: "b", ids: [1])), choice: 0)
        output += writer.take(Samples.end("ab", thinking: "hm", finish: "length"), choice: 0)
        let (data, lines) = try Samples.events(output)
        #expect(data.map { $0["sequence_number"] as? Int } == Array(0..<data.count))
        let types = data.compactMap { $0["type"] as? String }
        #expect(lines == types.map { "event: \($0)" })
        let ofItem = { (name: String) in
            [
                "response.output_item.added", "response.content_part.added", "response.\(name).delta",
                "response.\(name).done",
                "response.content_part.done", "response.output_item.done",
            ]
        }
        var expected = ["response.created", "response.in_progress"] + ofItem("reasoning_text") + ofItem("output_text")
        expected.insert("response.output_text.delta", at: expected.count - 3)
        #expect(types == expected + ["response.incomplete"])
        let response = try #require(data.last?["response"] as? [String: Any])
        #expect((response["incomplete_details"] as? [String: Any])?["reason"] as? String == "max_output_tokens")
        let message = try #require((response["output"] as? [[String: Any]])?.last)
        #expect((message["content"] as? [[String: Any]])?[0]["text"] as? String == "ab")
        #expect(output.last == .finish)
    }
}
