import Requests
import Testing
import WireProtocol

@testable import OpenAIProtocol

struct ChatRequestTests {
    @Test("What is not said is as on the line, but for the length")
    func defaults() throws {
        let request = try Samples.request()
        var line = RequestOptions()
        line.sampling.maxTokens = 1_000_000
        line.stream = false
        #expect(request.generate.options == line)
        #expect(request.generate.messages == [WireMessage(role: "user", parts: [.text("hello")])])
        #expect(request.count == 1 && !request.wantsStream && request.topLogprobs == nil && request.ignored.isEmpty)
        var rules = Samples.rules
        rules.maxAnswer = 300
        #expect(try Samples.request("", rules).generate.options.sampling.maxTokens == 300)
        #expect(try Samples.request(#""max_tokens":9"#, rules).generate.options.sampling.maxTokens == 9)
    }

    @Test("null is as good as absent, everywhere")
    func nulls() throws {
        let names = [
            "model", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "n", "seed", "stop",
            "logprobs",
            "top_logprobs", "stream", "stream_options", "reasoning_effort", "reasoning", "tools", "tool_choice", "user",
            "response_format", "functions", "logit_bias", "presence_penalty", "think", "grammar", "guided_json",
            "min_p",
            "enable_thinking", "chat_template_kwargs", "max_tiles", "deadline_ms", "loop_guard", "min_tokens", "echo",
        ]
        let request = try Samples.request(names.map { "\"\($0)\":null" }.joined(separator: ","))
        #expect(request.generate == (try Samples.request().generate))
        #expect(request.ignored.isEmpty)
    }

    @Test("Members become those of the line")
    func members() throws {
        let request = try Samples.request(
            #"""
            "model":"demo","max_tokens":5,"max_completion_tokens":7,"temperature":0.5,"top_p":0.9,"top_k":-1,"min_p":0.1,
            "repetition_penalty":1.1,"presence_penalty":1,"frequency_penalty":-1,"logit_bias":{"5":-100},"n":2,"seed":9,
            "stop":["a","b"],"logprobs":true,"top_logprobs":0,"stream":true,"stream_options":{"include_usage":true},
            "max_tiles":3,"deadline_ms":1000,"loop_guard":false,"return_progress":true
            """#
        )
        let options = request.generate.options
        #expect(options.sampling.maxTokens == 7 && options.sampling.temperature == 0.5 && options.sampling.topK == 0)
        #expect(options.sampling.topP == 0.9 && options.sampling.minP == 0.1 && options.seed == 9)
        #expect(options.sampling.presencePenalty == 1 && options.sampling.frequencyPenalty == -1)
        #expect(options.sampling.logitBias == [.init(id: 5, bias: -100)] && options.stop == ["a", "b"])
        #expect(options.logprobs == 1 && request.topLogprobs == 0, "asked for as one, and cut")
        #expect(options.maxTiles == 3 && options.deadlineMilliseconds == 1000 && !options.loopGuard && options.stream)
        #expect(request.count == 2 && request.includesUsage && request.tellsProgress)
    }

    @Test(
        "What is out of range names the member that the client wrote",
        arguments: [
            (#""temperature":101"#, "temperature"), (#""top_p":0"#, "top_p"), (#""max_tokens":0"#, "max_tokens"),
            (#""max_completion_tokens":0"#, "max_completion_tokens"), (#""n":9"#, "n"), (#""n":2"#, "n"),
            (#""seed":-2"#, "seed"), (#""seed":"x""#, "seed"), (#""top_logprobs":3"#, "top_logprobs"),
            (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"), (#""stream":"yes""#, "stream"),
            (#""stream_options":{}"#, "stream_options"), (#""stop":[""]"#, "stop"), (#""stop":5"#, "stop"),
            (#""reasoning_effort":"huge""#, "reasoning_effort"), (#""presence_penalty":3"#, "presence_penalty"),
            (#""logit_bias":{"x":1}"#, "logit_bias.x"), (#""logit_bias":{"1":101}"#, "logit_bias"),
            (#""max_tiles":0"#, "max_tiles"), (#""deadline_ms":0"#, "deadline_ms"), (#""top_k":-2"#, "top_k"),
            (#""think":"maybe""#, "think"), (#""think_budget":-1"#, "think_budget"),
        ]
    )
    func ranges(members: String, param: String) {
        let error = Samples.error(members)
        #expect(
            error?.status == 400 && error?.code == "invalid_value" && error?.param == param,
            "\(members): \(error as Any)"
        )
        #expect(error?.message.contains(param) == true)
    }

    @Test(
        "What would change the answer is refused, but for its neutral value",
        arguments: [
            ("response_format", #"{"type":"json_schema","schema":{"not":{}}}"#, #"{"type":"text"}"#),
            ("tools", #"[{"type":"function"}]"#, "[]"),
            ("functions", #"[{"name":"f"}]"#, "[]"), ("modalities", #"["text","audio"]"#, #"["text"]"#),
            ("min_tokens", "3", "0"), ("ignore_eos", "true", "false"), ("stop_token_ids", "[3]", "[]"),
            ("best_of", "2", "1"), ("use_beam_search", "true", "false"), ("echo", "true", "false"),
            ("continue_final_message", "true", "false"), ("guided_json", "{}", "null"), ("guided_choice", "[]", "null"),
            ("structured_outputs", #"{"json":{}}"#, "{}"), ("grammar", #""root""#, #""""#),
        ]
    )
    func unsupported(name: String, value: String, neutral: String) throws {
        let error = Samples.error("\"\(name)\":\(value)")
        #expect(error?.status == 400 && error?.code == "unsupported" && error?.param == name)
        #expect(try Samples.request("\"\(name)\":\(neutral)").ignored.isEmpty)
    }

    @Test("Tools that may not be used hurt nobody")
    func toolChoice() throws {
        #expect(Samples.error(#""tools":[{"type":"function"}],"tool_choice":"none""#) == nil)
        #expect(Samples.error(#""function_call":"none","functions":[{"name":"f"}]"#) == nil)
        #expect(Samples.error(#""tools":[{"type":"function"}],"tool_choice":"auto""#)?.param == "tools")
        #expect(Samples.error(#""tool_choice":"auto""#) == nil)
    }

    @Test("What has no effect is named in a header, which nobody can write into")
    func ignored() throws {
        let names = (0..<20).map { "\"m\($0)\":1" }.joined(separator: ",")
        let request = try Samples.request("\"user\":\"me\",\"evil\\r\\nx: y\":1,\(names)")
        let value = request.ignoredFields[0].value
        #expect(value.hasPrefix("user, m0, m1") && value.split(separator: ",").count == 16)
        #expect(!value.contains { $0.isNewline })
        #expect(try Samples.request(#""chat_template_kwargs":{"x":1}"#).ignored == ["chat_template_kwargs.x"])
        #expect(try Samples.request().ignoredFields.isEmpty)
    }

    @Test("Names of the model")
    func models() throws {
        for name in ["lab/demo", "demo", "gpt-4o", ""] { #expect(Samples.error("\"model\":\"\(name)\"") == nil) }
        let error = Samples.error(#""model":"gpt-5""#)
        #expect(error?.status == 404 && error?.code == "model_not_found" && error?.param == "model")
    }

    @Test("A body that is no JSON object says so, wherever it breaks off")
    func broken() {
        for json in ["", "[]x", "{", #"{"messages":[{"role":"user","content":5}"#, "nonsense", "{\"a\":1}}"] {
            #expect(Samples.error(json: json)?.code == "bad_json", "\(json)")
        }
        for json in ["[]", "5", "null"] { #expect(Samples.error(json: json)?.status == 400) }
        #expect(Samples.error(json: "{}")?.param == "messages")
        #expect(Samples.error(json: #"{"messages":[]}"#)?.param == "messages")
    }
}
