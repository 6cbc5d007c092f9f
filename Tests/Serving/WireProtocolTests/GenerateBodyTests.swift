import Foundation
import Requests
import Testing

@testable import WireProtocol

struct GenerateBodyTests {
    @Test("The defaults of the protocol")
    func defaults() throws {
        let body = try GenerateBody(json: "{\"prompt\":\"hello\"}")
        #expect(body == GenerateBody(prompt: "hello"))
        #expect(
            body.options.sampling.maxTokens == 512 && body.options.sampling.temperature == 0
                && body.options.sampling.topP == 1 && body.options.sampling.topK == 0 && body.options.sampling.minP == 0
        )
        #expect(
            body.options.sampling.repetitionPenalty == 1 && body.options.seed == nil && body.options.stop.isEmpty
                && body.options.think == .auto
        )
        #expect(
            body.options.thinkBudget == nil && body.options.maxTiles == nil && body.options.stream
                && body.options.logprobs == 0
        )
        #expect(body.options.deadlineMilliseconds == nil)
    }

    @Test("Every member, as the protocol writes them")
    func everything() throws {
        let body = try GenerateBody(
            json: """
                {"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"image","blob":2},\
                {"type":"text","text":"t"}]},{"role":"assistant","content":"a"}],"max_tokens":9,"temperature":0.5,\
                "top_p":0.9,"top_k":40,"min_p":0.05,"repetition_penalty":1.1,"seed":18446744073709551615,\
                "stop":["x","y"],"think":"on","think_budget":0,"max_tiles":10,"stream":false,"logprobs":3,\
                "tiling":"msac","rgb_first":true,"orient":true,"deadline_ms":120000}
                """
        )
        #expect(body.messages?.map(\.role) == ["system", "user", "assistant"])
        #expect(body.messages?[1].parts == [.image(.blob(2)), .text("t")])
        #expect(
            body.options.sampling.maxTokens == 9 && body.options.sampling.temperature == 0.5
                && body.options.sampling.topP == 0.9 && body.options.sampling.topK == 40
        )
        #expect(
            body.options.sampling.minP == 0.05 && body.options.sampling.repetitionPenalty == 1.1
                && body.options.seed == .max && body.options.stop == ["x", "y"]
        )
        #expect(
            body.options.think == .on && body.options.thinkBudget == 0 && body.options.maxTiles == 10
                && !body.options.stream
        )
        #expect(body.options.logprobs == 3 && body.options.deadlineMilliseconds == 120_000)
        #expect(body.options.tiling == .msac && body.options.rgbFirst && body.options.orient)
        #expect(try GenerateBody(json: body.json) == body, "what the client writes is what the server reads")
    }

    @Test("Unknown members and null are passed over; one stop text need not be an array")
    func lenient() throws {
        let body = try GenerateBody(
            json: "{\"prompt\":\"a\",\"seed\":null,\"stop\":\"x\",\"n\":{\"deep\":[1,{}]},\"think_budget\":null}"
        )
        #expect(body.options.stop == ["x"] && body.options.seed == nil && body.options.thinkBudget == nil)
    }

    @Test(
        "A value out of range names its member",
        arguments: [
            "max_tokens": ["0", "-1", "1000001", "1.5", "\"9\"", "true", "1e30"],
            "temperature": ["-0.1", "101", "\"hot\"", "[]"], "top_p": ["0", "-1", "1.01"], "top_k": ["-1", "0.5"],
            "min_p": ["-0.1", "1.1"], "repetition_penalty": ["0", "-1", "101"], "seed": ["-1", "0.5", "\"1\""],
            "stop": [
                "[\"\"]", "[1]", "7",
                "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"0\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]",
            ],
            "think": ["\"maybe\"", "true"], "think_budget": ["-1"], "max_tiles": ["0", "65"],
            "tiling": ["\"pan\"", "2"], "rgb_first": ["1"], "orient": ["\"yes\""],
            "stream": ["1", "\"yes\""], "logprobs": ["-1", "21"], "deadline_ms": ["0", "-5", "1e12"],
        ]
    )
    func outOfRange(member: String, values: [String]) {
        for value in values {
            let error = #expect(throws: RequestError.self, "\(member) \(value)") {
                try GenerateBody(json: "{\"prompt\":\"a\",\"\(member)\":\(value)}")
            }
            #expect(error?.code == .badArgument && error?.message.contains(member) == true, "\(value): \(error as Any)")
            #expect(error?.fatal == false && error?.retriable == false && error?.blame == .client)
        }
    }

    @Test(
        "What is no conversation",
        arguments: [
            "{}", "{\"messages\":[]}", "{\"prompt\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
            "{\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]}", "{\"messages\":[{\"role\":\"user\"}]}",
            "{\"messages\":[{\"content\":\"a\"}]}", "{\"messages\":{}}", "{\"messages\":[7]}",
        ]
    )
    func noConversation(json: String) {
        #expect(#expect(throws: RequestError.self) { try GenerateBody(json: json) }?.code == .badArgument)
    }

    @Test(
        "What is no JSON object",
        arguments: [
            "", "{", "{\"prompt\":\"a\"", "{\"prompt\":\"a\"}}", "{prompt:1}", "{\"prompt\":\"\\ud800\"}",
            "{\"prompt\":NaN}",
            String(repeating: "{\"a\":", count: 5000), "{\"a\":" + String(repeating: "[", count: 100_000),
        ]
    )
    func noJSON(json: String) {
        let error = #expect(throws: RequestError.self) { try GenerateBody(json: json) }
        #expect(error?.code == .badJSON)
        #expect(error?.message.utf8.count ?? .max < 500)
    }

    @Test(
        "Pictures that are named wrongly",
        arguments: [
            "{\"type\":\"image\"}", "{\"type\":\"image\",\"blob\":0,\"path\":\"a\"}",
            "{\"type\":\"image\",\"blob\":-1}",
            "{\"type\":\"image\",\"data\":\"***\"}", "{\"type\":\"image\",\"sha256\":\"abc\"}", "{\"type\":\"video\"}",
            "{\"type\":\"image\",\"path\":\"\"}", "{\"type\":\"image\",\"path\":\"a\\u0000b\"}", "{\"type\":\"text\"}",
            "{}",
        ]
    )
    func wrongPictures(part: String) {
        let json = "{\"messages\":[{\"role\":\"user\",\"content\":[\(part)]}]}"
        let error = #expect(throws: RequestError.self) { try GenerateBody(json: json) }
        #expect(error?.code == .badArgument)
        #expect(error?.message.contains("messages[0].content[0]") == true, "\(error as Any)")
    }

    @Test("Pictures as bytes in base64, with or without a data: prefix, and digests in any case")
    func pictures() throws {
        let digest = String(repeating: "AB", count: 32)
        let parts =
            "[{\"type\":\"image\",\"data\":\"AQID\"},{\"type\":\"image\",\"data\":\"data:image/png;base64,AQID\"},"
            + "{\"type\":\"image\",\"sha256\":\"\(digest)\"},{\"type\":\"image\",\"path\":\"a/b.png\"}]"
        let body = try GenerateBody(json: "{\"messages\":[{\"role\":\"user\",\"content\":\(parts)}]}")
        #expect(
            body.messages?[0].parts == [
                .image(.data([1, 2, 3])), .image(.data([1, 2, 3])), .image(.sha256(digest.lowercased())),
                .image(.path("a/b.png")),
            ]
        )
    }

    @Test("Penalties and biases, as OpenAI writes them")
    func penalties() throws {
        let body = try GenerateBody(
            json: #"{"prompt":"a","presence_penalty":-2,"frequency_penalty":0.5,"logit_bias":{"1639":-100,"7":0.25}}"#
        )
        #expect(body.options.sampling.presencePenalty == -2 && body.options.sampling.frequencyPenalty == 0.5)
        #expect(body.options.sampling.logitBias == [.init(id: 7, bias: 0.25), .init(id: 1639, bias: -100)])
        #expect(try GenerateBody(json: body.json) == body)
        for wrong in [#"{"x":1}"#, #"{"-1":1}"#, #"{"1":101}"#, #"{"1":1,"01":2}"#, "[1]", #"{"1":"2"}"#] {
            let error = #expect(throws: RequestError.self) {
                try GenerateBody(json: "{\"prompt\":\"a\",\"logit_bias\":\(wrong)}")
            }
            #expect(error?.code == .badArgument && error?.message.contains("logit_bias") == true, "\(error as Any)")
        }
    }

    @Test("Whole numbers are whole however they are written")
    func wholeNumbers() throws {
        #expect(try GenerateBody(json: #"{"prompt":"a","max_tokens":2.0,"top_k":1e1}"#).options.sampling.maxTokens == 2)
        #expect(try GenerateBody(json: #"{"prompt":"a","top_k":1e1}"#).options.sampling.topK == 10)
        #expect(throws: RequestError.self) { try GenerateBody(json: #"{"prompt":"a","seed":9007199254740993.5}"#) }
    }

    @Test("A text that breaks off behind a wrong member is no JSON first of all")
    func brokenBehind() {
        let error = #expect(throws: RequestError.self) { try GenerateBody(json: #"{"temperature":"hot","prompt":"a""#) }
        #expect(error?.code == .badJSON)
    }

    @Test("Pictures' base64 in lines, whatever the lines' ends")
    func mailed() throws {
        let json = #"{"messages":[{"role":"user","content":[{"data":"A\r\nQ ID\n","type":"image"}]}]}"#
        #expect(try GenerateBody(json: json).messages?[0].parts == [.image(.data([1, 2, 3]))])
    }

    @Test("A picture may be turned by itself")
    func orient() throws {
        let body = try GenerateBody(
            json: """
                {"messages":[{"role":"user","content":[{"type":"image","blob":0,"orient":true},\
                {"type":"image","blob":1,"orient":false},{"type":"image","blob":2,"orient":null}]}]}
                """
        )
        #expect(
            body.messages?[0].parts == [
                .image(.blob(0), orient: true), .image(.blob(1), orient: false), .image(.blob(2)),
            ]
        )
        #expect(try GenerateBody(json: body.json) == body)
    }

    @Test("The member that is wrong is named by its place")
    func place() {
        let json = #"{"messages":[{"role":"user","content":"a"},{"role":"user","content":7}]}"#
        let error = #expect(throws: RequestError.self) { try GenerateBody(json: json) }
        #expect(error?.message == "messages[1].content is a number, expected a text or an array of parts")
    }
}
