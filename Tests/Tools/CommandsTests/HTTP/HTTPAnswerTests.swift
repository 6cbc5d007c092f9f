import Foundation
import Requests
import TestSupport
import Testing

/// The API of a live server, against the line of the same.
@Suite("Answers over HTTP", .serialized, .ownThread)
struct HTTPAnswerTests {
    @Test("The same request gives the same bytes as on the line, whole and streamed")
    func sameBytes() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let bytes = try Bodies.sampleBytes()
            let cases: [(http: String, line: String, pictures: [[UInt8]])] = [
                (Bodies.chat("what is 3 plus 4?"), #"{"prompt":"what is 3 plus 4?"}"#, []),
                (
                    Bodies.chat("tell me", #""temperature":0.9,"seed":11,"max_tokens":40"#),
                    #"{"prompt":"tell me","temperature":0.9,"seed":11,"max_tokens":40}"#, []
                ),
                (
                    Bodies.pictures([Bodies.dataURL(bytes)], "compute the expression", #""think":"on""#),
                    #"{"prompt":"compute the expression","think":"on"}"#, [bytes]
                ),
                (
                    Bodies.chat("what is 3 plus 4?", #""stop":["="],"max_tokens":30"#),
                    #"{"prompt":"what is 3 plus 4?","stop":["="],"max_tokens":30}"#, []
                ),
            ]
            for one in cases {
                let line = try #require(try server.ask(one.line, pictures: one.pictures).end)
                let whole = try server.chat(one.http)
                #expect(whole.status == 200, "\(whole.text)")
                #expect(whole.content == line.text)
                #expect(whole.message["reasoning"] as? String ?? "" == line.thinking)
                #expect(whole.message["reasoning_content"] as? String ?? "" == line.thinking)
                let stream = try server.chat(String(one.http.dropLast()) + #","stream":true}"#)
                #expect(stream.streamedText == line.text && stream.streamedThinking == line.thinking)
                #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
                #expect(stream.chunks.allSatisfy { String(decoding: $0, as: UTF8.self).hasSuffix("\n\n") })
                let usage = whole.object["usage"] as? [String: Any]
                #expect(usage?["prompt_tokens"] as? Int == line.usage.prompt)
                #expect(usage?["completion_tokens"] as? Int == line.usage.generated)
                let response = try server.post(
                    "/v1/responses",
                    one.http.replacing("\"messages\"", with: "\"input\"").replacing("\"stop\"", with: "\"stop\"")
                        .replacing("\"max_tokens\"", with: "\"max_output_tokens\"")
                )
                let items = response.object["output"] as? [[String: Any]]
                let text = ((items?.last?["content"] as? [[String: Any]])?.first?["text"]) as? String
                #expect(text == line.text, "\(response.text)")
            }
            #expect(server.end().status == 0)
        }
    }

    @Test("Several answers are those of the seeds that follow")
    func several() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let members = #""temperature":2.0,"max_tokens":12"#
            let long = String(repeating: "one two three ", count: 40)
            let singles = try (0..<3).map { index in
                try server.chat(Bodies.chat(long, #"\#(members),"seed":\#(5 + index)"#)).content
            }
            let all = try server.chat(Bodies.chat(long, #"\#(members),"seed":5,"n":3"#))
            let choices = all.object["choices"] as? [[String: Any]] ?? []
            #expect(choices.map { ($0["message"] as? [String: Any])?["content"] as? String } == singles)
            #expect(Set(singles).count > 1)
            let stream = try server.chat(Bodies.chat(long, #"\#(members),"seed":5,"n":3,"stream":true"#))
            let pieces = stream.events.flatMap { $0["choices"] as? [[String: Any]] ?? [] }
            for index in 0..<3 {
                let text = pieces.filter { $0["index"] as? Int == index }
                    .compactMap { ($0["delta"] as? [String: Any])?["content"] as? String }.joined()
                #expect(text == singles[index])
            }
            #expect(server.isIdle())
            #expect(server.end().status == 0)
        }
    }

    @Test("Models, tokens, counts, figures")
    func small() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                ["--http", "127.0.0.1:0", "--model-alias", "gpt-4o", "--max-answer", "3"],
                in: directory
            )
            let models = try server.get("/v1/models")
            let model = try #require((models.object["data"] as? [[String: Any]])?.first)
            let name = try #require(model["id"] as? String)
            #expect(model["object"] as? String == "model" && model["owned_by"] as? String == "flotilla")
            #expect(model["created"] is Int && model["max_model_len"] is Int)
            #expect((model["architecture"] as? [String: Any])?["input_modalities"] as? [String] == ["text", "image"])
            #expect(try server.get("/v1/models/\(name)").object["id"] as? String == name)
            #expect(try server.get("/models/other").code == "model_not_found")
            #expect(try server.chat(Bodies.chat("hi", #""model":"gpt-4o""#)).status == 200)
            #expect(try server.chat(Bodies.chat("hi", #""model":"gpt-5""#)).status == 404)
            let short = try server.chat(Bodies.chat("what is 3 plus 4?"))
            #expect((short.object["usage"] as? [String: Any])?["completion_tokens"] as? Int == 3)
            let tokens = try server.post("/tokenize", #"{"prompt":"hello <|im_end|>"}"#).object
            let ids = try #require(tokens["tokens"] as? [Int])
            #expect(
                tokens["count"] as? Int == ids.count
                    && tokens["max_model_len"] as? Int == model["max_model_len"] as? Int
            )
            let text = try server.post("/detokenize", #"{"tokens":\#(ids)}"#).object
            #expect(text["prompt"] as? String == "hello <|im_end|>" && text["content"] as? String == "hello <|im_end|>")
            #expect(try server.post("/detokenize", #"{"tokens":[99999999]}"#).code == "invalid_value")
            let body = Bodies.pictures([Bodies.dataURL(try Bodies.sampleBytes())], "x")
            let count = try server.post("/v1/chat/completions/input_tokens", body).object
            let prompt = try server.post("/tokenize", body).object
            #expect(count["object"] as? String == "response.input_tokens")
            #expect(count["input_tokens"] as? Int == prompt["count"] as? Int && count["tiles"] as? [Int] == [1])
            #expect((count["image_tokens"] as? Int ?? 0) > 0)
            #expect(try server.get("/flotilla/info").object["verbs"] is [String])
            #expect(try server.get("/flotilla/stats").object["requests"] is [String: Any])
            #expect(try server.get("/version").object["version"] is String)
            #expect(try server.get("/live").status == 200 && server.get("/ready").status == 200)
            #expect(server.end().status == 0)
        }
    }

    @Test("Pictures as data, by digest, and by path where that is allowed; nothing is fetched")
    func pictures() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pictures = directory.appendingPathComponent("pictures")
            try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Bodies.sample, to: pictures.appendingPathComponent("sum.png"))
            let server = try ServerProcess(
                ["--http", "127.0.0.1:0", "--image-directory", pictures.path, "--max-blob", "100000"],
                in: directory
            )
            let ask = { (url: String) in
                try server.chat(Bodies.pictures([url], "compute the expression", #""think":"on""#))
            }
            let digest = String(repeating: "0", count: 64)
            #expect(try ask("sha256:\(digest)").code == "picture_gone")
            let data = try ask(Bodies.dataURL(try Bodies.sampleBytes()))
            #expect(data.content == "\\\\boxed{12}".replacing("\\\\", with: "\\"))
            #expect(try ask("file:sum.png").content == data.content)
            let known = try NetLab.run("sha256sum", [Bodies.sample.path], lab: "none").output.prefix(64)
            #expect(try ask("sha256:\(known)").content == data.content)
            for url in ["file:../socket", "file:/etc/passwd", "file:none.png"] {
                #expect(try ask(url).status == 400, "\(url)")
            }
            // Somebody who would notice.
            let port = try #require(RawClient.freePort())
            #expect(try ask("http://127.0.0.1:\(port)/x.png").code == "unsupported_url")
            #expect(try ask("data:image/png;base64,AAAA").code == "invalid_image")
            // What is damaged behind its head is found by a rank.
            let damaged = try ask(Bodies.dataURL(Array(try Bodies.sampleBytes().dropLast(200))))
            #expect(damaged.code == "invalid_image" && damaged.error["param"] as? String == "messages")
            let big = Bodies.dataURL([UInt8](repeating: 0, count: 100_001))
            #expect(try ask(big).code == "request_too_large")
            #expect(server.end().status == 0)
        }
    }

    @Test("A full line, a prompt that is too long and a server that drains have statuses of their own")
    func refusals() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--http", "127.0.0.1:0", "--context", "16384", "--max-inflight", "1"],
                in: directory
            )
            let long = try server.chat(Bodies.chat(String(repeating: "sea ", count: 20_000)))
            #expect(long.status == 400 && long.code == "context_length_exceeded")
            #expect(
                (long.error["message"] as? String)?.contains("this model's maximum context length is 16384 tokens")
                    == true
            )
            #expect(long.error["n_ctx"] as? Int == 16_384 && (long.error["n_prompt_tokens"] as? Int ?? 0) > 16_384)
            let holder = try server.http()
            holder.ask(
                "POST",
                "/v1/chat/completions",
                body: Array(Bodies.chat("tell me about the sea", #""stream":true,"speculate":false"#).utf8)
            )
            #expect(try holder.head().status == 200)
            let busy = try server.chat(Bodies.chat("x"))
            #expect(busy.status == 429 && busy.code == "busy")
            #expect(
                Int(busy.fields["retry-after"] ?? "") ?? 0 >= 1 && Int(busy.fields["retry-after-ms"] ?? "") ?? 0 >= 1
            )
            let client = try server.connect()
            client.send(#"DRAIN d {"deadline_ms":60000}"#)
            _ = try client.event()
            let refused = try server.chat(Bodies.chat("x"))
            #expect(refused.status == 503 && refused.code == "draining" && refused.fields["x-should-retry"] == "false")
            #expect(refused.fields["connection"] == "close")
            // The drain's time is up at once, however fast the answer comes.
            client.send("SHUTDOWN e")
            var text = ""
            while let chunk = try? holder.chunk() { text += String(decoding: chunk, as: UTF8.self) }
            #expect(text.contains(#""code":"draining""#) && text.hasSuffix("data: [DONE]\n\n"))
            #expect(server.running.wait().status == 0)
        }
    }

    @Test("Through the loss of a rank a stream has the same bytes, but for its names and times")
    func replay() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--decoder-ranks", "2", "--context", "16384", "--http", "127.0.0.1:0"],
                in: directory
            )
            var replays = 0
            // An answer may be over before its rank is: then a longer one is asked for.
            for tokens in [1200, 4800, 12_000] where replays == 0 {
                try server.waitUntil(.ready)
                let body = Bodies.chat(
                    "tell me about the sea",
                    #""stream":true,"max_tokens":\#(tokens),"speculate":false,"temperature":0.9,"seed":7"#
                )
                let expected = try server.chat(body)
                let client = try server.http()
                client.ask("POST", "/v1/chat/completions", body: Array(body.utf8))
                #expect(try client.head().status == 200)
                var found = HTTPAnswer()
                for _ in 0..<5 { found.body += try client.chunk() ?? [] }
                kill(try #require(try server.ranks()[1]), SIGKILL)
                while let chunk = try client.chunk() { found.body += chunk }
                #expect(Self.normal(found) == Self.normal(expected))
                let last = try #require(found.events.last?["flotilla"] as? [String: Any])
                replays = try #require(last["replays"] as? Int)
            }
            #expect(replays == 1)
            #expect(server.end().status == 0)
        }
    }

    /// A stream without what differs from one to the next: its name, its times, how often ranks were lost, comments.
    static func normal(_ answer: HTTPAnswer) -> [String] {
        answer.text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { line in
            String(line).replacing(#/"id":"[^"]*"/#, with: "").replacing(#/"created":\d+/#, with: "")
                .replacing(#/"flotilla":.*/#, with: "")
        }
    }
}
