import Foundation
import Requests
import TestSupport
import Testing

/// Clients that other people have written, against a live server; their answers are the line's.
@Suite("Other people's clients", .serialized, .ownThread)
struct HTTPClientsTests {
    @Test("OpenAI's own client: chats, streams, pictures, errors, retries, responses, leaving")
    func openai() throws {
        guard PythonClients.python != nil else { return }
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let line = try #require(
                try server.ask(
                    #"{"prompt":"compute the expression","think":"on"}"#,
                    pictures: [try Bodies.sampleBytes()]
                ).end
            )
            let program = """
                import base64, json, openai
                c = openai.OpenAI(max_retries=0)
                model = c.models.list().data[0].id
                assert c.models.retrieve(model).id == model
                url = "data:image/png;base64," + base64.b64encode(open("\(Bodies.sample.path)", "rb").read()).decode()
                messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url, "detail": "low"}},
                                                         {"type": "text", "text": "compute the expression"}]}]
                whole = c.chat.completions.create(model=model, messages=messages, extra_body={"think": "on"}, user="me")
                message = whole.choices[0].message
                print(json.dumps([message.content, message.reasoning_content, message.reasoning, whole.usage.total_tokens]))
                text = thinking = ""; usage = None; finish = None
                for chunk in c.chat.completions.create(model=model, messages=messages, extra_body={"think": "on"}, stream=True,
                                                       stream_options={"include_usage": True}):
                    usage = chunk.usage or usage
                    for choice in chunk.choices:
                        text += choice.delta.content or ""
                        thinking += getattr(choice.delta, "reasoning_content", None) or ""
                        finish = choice.finish_reason or finish
                print(json.dumps([text, thinking, finish, usage.total_tokens]))
                plain = [{"role": "user", "content": "what is 3 plus 4?"}]
                scored = c.chat.completions.create(model=model, messages=plain, logprobs=True, top_logprobs=2, max_completion_tokens=3)
                entries = scored.choices[0].logprobs.content
                assert len(entries) == 3 and all(len(e.top_logprobs) == 2 for e in entries), entries
                assert bytes(b for e in entries for b in e.bytes).decode() == scored.choices[0].message.content
                several = c.chat.completions.create(model=model, messages=plain, n=2, temperature=1, seed=3)
                assert [choice.index for choice in several.choices] == [0, 1]
                for bad, kind in [({"model": "gpt-5"}, openai.NotFoundError), ({"n": 9}, openai.BadRequestError),
                                  ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError)]:
                    try: c.chat.completions.create(**{"model": model, "messages": plain, **bad}); raise SystemExit("taken")
                    except kind as error: assert error.code and error.param, error
                with c.chat.completions.with_streaming_response.create(model=model, messages=plain, metadata={"a": "b"}) as r:
                    assert r.headers["flotilla-ignored"] == "metadata", r.headers
                stream = c.chat.completions.create(model=model, messages=plain, stream=True)
                next(iter(stream)); stream.close()
                response = c.responses.create(model=model, input="what is 3 plus 4?", instructions="be kind")
                print(json.dumps(response.output_text))
                text = ""; last = None
                for event in c.responses.create(model=model, input="what is 3 plus 4?", stream=True):
                    last = event
                    if event.type == "response.output_text.delta": text += event.delta
                assert last.type == "response.completed" and last.response.output_text == text, last
                print(json.dumps(text))
                """
            let said = try PythonClients.run(program, port: try server.port(after: "http://"), in: directory)
            let lines = said.split(separator: "\n").map { line in
                (try? JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed)) as Any
            }
            let whole = try #require(lines.first as? [Any], "\(said)")
            let total = line.usage.prompt + line.usage.generated
            #expect(whole[0] as? String == line.text && whole[1] as? String == line.thinking, "\(said)")
            #expect(whole[2] as? String == line.thinking && whole[3] as? Int == total)
            let stream = try #require(lines.dropFirst().first as? [Any], "\(said)")
            #expect(stream[0] as? String == line.text && stream[1] as? String == line.thinking)
            #expect(stream[2] as? String == "stop" && stream[3] as? Int == total)
            #expect(lines.count == 4 && lines.last as? String == "3 + 4 = 7.", "\(said)")
            #expect(server.isIdle())
            #expect(server.end().status == 0)
        }
    }

    @Test("Records of a model of pydantic, by OpenAI's client")
    func records() throws {
        guard PythonClients.python != nil else { return }
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let program = """
                import openai, pydantic, typing
                class Item(pydantic.BaseModel, extra="forbid"):
                    name: str = pydantic.Field(max_length=9)
                    quantity: int = pydantic.Field(ge=1, le=99)
                class Record(pydantic.BaseModel, extra="forbid"):
                    vendor: str = pydantic.Field(max_length=12)
                    currency: typing.Literal["EUR", "USD"]
                    paid: bool | None
                    items: list[Item] = pydantic.Field(max_length=2)
                c = openai.OpenAI(max_retries=0)
                asked = dict(model="", messages=[{"role": "user", "content": "describe the image"}])
                schema = {"type": "json_schema", "json_schema": {"name": "record", "strict": True, "schema": Record.model_json_schema()}}
                seen = set()
                for seed in range(6):
                    answer = c.chat.completions.create(**asked, max_tokens=300, response_format=schema, temperature=seed / 2, seed=seed)
                    assert answer.choices[0].finish_reason == "stop", answer
                    seen.add(Record.model_validate_json(answer.choices[0].message.content).model_dump_json())
                assert len(seen) > 3, seen
                parsed = c.chat.completions.parse(**asked, max_tokens=300, response_format=Record)
                assert isinstance(parsed.choices[0].message.parsed, Record), parsed
                response = c.responses.parse(model="", input="describe the image", max_output_tokens=300, text_format=Record)
                assert response.output_parsed == parsed.choices[0].message.parsed, response
                with c.chat.completions.stream(**asked, max_tokens=300, response_format=Record) as stream:
                    assert stream.get_final_completion().choices[0].message.parsed == response.output_parsed
                bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "propertyNames": {}}}}
                try: c.chat.completions.create(**asked, response_format=bad); raise SystemExit("taken")
                except openai.BadRequestError as error:
                    assert error.param == "response_format" and error.code == "unsupported" and "propertyNames" in str(error), error
                print("all records")
                """
            let said = try PythonClients.run(program, port: try server.port(after: "http://"), in: directory)
            #expect(said == "all records\n", "\(said)")
            #expect(server.end().status == 0)
        }
    }

    @Test("An error amid a stream is raised by OpenAI's client")
    func streamError() throws {
        guard PythonClients.python != nil else { return }
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--http", "127.0.0.1:0", "--context", "16384"],
                in: directory
            )
            let program = """
                import openai, socket
                c = openai.OpenAI(max_retries=0)
                seen = 0
                try:
                    for chunk in c.chat.completions.create(model="", messages=[{"role": "user", "content": "tell me about the sea"}], stream=True,
                                                       extra_body={"speculate": False}):
                        seen += 1
                        if seen == 5:
                            s = socket.socket(socket.AF_UNIX); s.connect("\(server.path)"); s.sendall(b"SHUTDOWN x\\n")
                    print("ended")
                except openai.APIError as error:
                    print("raised", seen >= 5)
                """
            let said = try PythonClients.run(program, port: try server.port(after: "http://"), in: directory)
            #expect(said == "raised True\n", "\(said)")
        }
    }

    @Test("LangChain and llm say what the line says")
    func others() throws {
        guard PythonClients.python != nil else { return }
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let port = try server.port(after: "http://")
            let line = try #require(try server.ask(#"{"prompt":"what is 3 plus 4?"}"#).end?.text)
            let chain = """
                from langchain_openai import ChatOpenAI
                chat = ChatOpenAI(model="demo", max_retries=0)
                print(chat.invoke("what is 3 plus 4?").content)
                print("".join(piece.content for piece in chat.stream("what is 3 plus 4?")))
                """
            #expect(try PythonClients.run(chain, port: port, in: directory) == "\(line)\n\(line)\n")
            try """
            - model_id: flotilla
              model_name: demo
              api_base: "http://127.0.0.1:\(port)/v1"
            """
            .write(to: directory.appendingPathComponent("extra-openai-models.yaml"), atomically: true, encoding: .utf8)
            let llm = """
                import subprocess, sys, os
                tool = os.path.join(os.path.dirname(sys.executable), "llm")
                for more in [[], ["--no-stream"]]:
                    done = subprocess.run([tool, "-m", "flotilla", "-n", *more, "what is 3 plus 4?"], capture_output=True, text=True)
                    print(done.stdout.strip() or done.stderr)
                """
            #expect(try PythonClients.run(llm, port: port, in: directory) == "\(line)\n\(line)\n")
            #expect(server.end().status == 0)
        }
    }
}
