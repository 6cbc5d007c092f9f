import Requests
import TestSupport
import Testing

@testable import OpenAIProtocol

/// Bodies that nobody would write.
struct BodyStormTests {
    static let names = [
        "messages", "model", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "min_p", "n",
        "seed",
        "stop", "logprobs", "top_logprobs", "stream", "stream_options", "reasoning_effort", "reasoning", "tools",
        "user",
        "tool_choice", "response_format", "logit_bias", "think", "think_budget", "chat_template_kwargs", "guided_json",
        "max_tiles", "deadline_ms", "orient", "input", "instructions", "text", "previous_response_id", "prompt",
        "tokens",
        "content", "include", "role", "type", "image_url", "url", "enable_thinking", "effort", "format",
    ]
    static let texts = [
        "user", "system", "assistant", "tool", "text", "image_url", "data:image/png;base64,AAAA", "data:;base64,=",
        "none",
        "high", "sha256:00", "file:../../etc/passwd", "http://x", "", "\\u0000", "\\ud800", "<|im_start|>", "é", "on",
    ]

    /// A value of any kind, likely to be of the right one for no member.
    static func value(_ random: inout SeededRandom, depth: Int) -> String {
        switch Int.random(in: 0...(depth > 4 ? 5 : 8), using: &random) {
        case 0: "null"
        case 1: Bool.random(using: &random) ? "true" : "false"
        case 2: random.one(of: ["0", "-1", "1", "2.5", "1e400", "99999999999999999999", "-0", "1e3"])
        case 3...5: "\"\(random.one(of: texts))\""
        case 6: "[" + list(&random) { value(&$0, depth: depth + 1) } + "]"
        default: object(&random, depth: depth + 1)
        }
    }

    static func object(_ random: inout SeededRandom, depth: Int) -> String {
        "{" + list(&random) { "\"\($0.one(of: names))\":" + value(&$0, depth: depth) } + "}"
    }

    private static func list(_ random: inout SeededRandom, _ item: (inout SeededRandom) -> String) -> String {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in item(&random) }.joined(separator: ",")
    }

    /// A body that is right but for what was done to its bytes.
    static func damaged(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array(
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:;base64,AAAA"}}]}],"n":1}"#
                .utf8
        )
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            default: bytes = Array(bytes[..<place])
            }
        }
        return bytes
    }

    static func body(_ random: inout SeededRandom) -> [UInt8] {
        switch Int.random(in: 0...3, using: &random) {
        case 0: damaged(&random)
        case 1: Array(object(&random, depth: 0).utf8)
        case 2:
            Array(
                (#"{"messages":[{"role":"user","content":"x"}],"# + "\"\(random.one(of: names))\":"
                    + value(&random, depth: 2) + "}").utf8
            )
        default: Array((#"{"messages":["# + object(&random, depth: 1) + "]}").utf8)
        }
    }

    @Test("Ten thousand bodies: a request, or an error that is the client's; and what it writes is JSON")
    func storm() throws {
        var random = SeededRandom(seed: 1414)
        var taken = 0
        for round in 0..<10_000 {
            let json = Self.body(&random)
            for endpoint in [Endpoint.chat, .responses] {
                do throws(APIError) {
                    _ = try ChatRequest(json: json, Samples.rules, endpoint)
                    taken += 1
                } catch {
                    #expect((400..<500).contains(error.status) && !error.message.isEmpty, "round \(round)")
                    if round % 50 == 0 { _ = try Samples.object(error.json) }
                }
            }
            _ = try? TokenizeRequest(json: json, Samples.rules)
            _ = try? DetokenizeRequest(json: json, Samples.rules)
        }
        #expect(taken > 100, "some of them are right")
    }

    @Test("Streams of any events, in any order, are whole: begun once, over once, every event JSON")
    func events() throws {
        var random = SeededRandom(seed: 7)
        let members = [
            #""stream":true"#, #""stream":true,"n":3,"temperature":1"#, #""stream":true,"reasoning_format":"none""#,
            #""n":3,"temperature":1"#, #""logprobs":true,"top_logprobs":2"#,
        ]
        for round in 0..<2000 {
            let request = try Samples.request(members[round % members.count])
            var writer: any AnswerWriter =
                request.wantsStream ? ChatStream(Samples.frame, request) : ChatAnswer(Samples.frame, request)
            if round % 7 == 0, request.count == 1 { writer = ResponseAnswer(Samples.frame, request) }
            var output: [AnswerOutput] = []
            for choice in 0..<request.count { output += writer.take(Samples.ack, choice: choice) }
            for _ in 0..<12 {
                let choice = Int.random(in: 0..<request.count, using: &random)
                let piece = Piece(text: random.one(of: ["", "a", "\n", "é\"", "</think>"]), ids: [1])
                let event: RequestEvent =
                    switch Int.random(in: 0...9, using: &random) {
                    case 0...3: .thinking(piece)
                    case 4...7: .answer(piece)
                    case 8: .progress(.init(stage: "queue", done: 0, total: 1, note: "a\nb"))
                    default:
                        Bool.random(using: &random)
                            ? Samples.end("x", thinking: "y") : .failed(RequestError(.rankLost, "gone"))
                    }
                output += writer.take(event, choice: choice)
            }
            for choice in 0..<request.count { output += writer.take(Samples.end("x"), choice: choice) }
            _ = try Samples.events(output)
            let ends = output.count { piece in
                switch piece {
                case .finish, .reply: true
                default: false
                }
            }
            #expect(ends == 1 && output.count { if case .begin = $0 { true } else { false } } <= 1)
        }
    }
}
