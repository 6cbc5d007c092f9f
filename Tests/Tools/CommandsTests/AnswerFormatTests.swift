import Foundation
import TestSupport
import Testing

/// Answers that keep to a format, over real exchanges: the same for any ranks, and always of the format.
@Suite("Formats of answers", .serialized, .ownThread)
struct AnswerFormatTests {
    static let schema = """
        {"type": "object",
         "properties": {"vendor": {"type": "string", "maxLength": 8}, "paid": {"type": "boolean"},
                        "total": {"type": "number", "minimum": 0, "maximum": 99}},
         "required": ["vendor", "paid", "total"], "additionalProperties": false}
        """

    /// The best token, the best of a draw, and what filters leave, with and without enough candidates.
    static let choices = [
        ["--think", "off"],
        ["--think", "off", "--temperature", "3", "--logprobs", "2"],
        ["--think", "off", "--temperature", "1.5", "--top-p", "0.9"],
        ["--think", "off", "--temperature", "2", "--top-k", "5", "--presence-penalty", "0.5"],
        [
            "--think", "on", "--think-budget", "3", "--temperature", "1.5", "--top-p", "0.95", "--repetition-penalty",
            "1.1",
        ],
    ]

    private func answer(_ options: [String], in directory: URL, sharing: Bool = true) throws -> [String: Any] {
        let file = directory.appendingPathComponent("schema.json")
        try Self.schema.write(to: file, atomically: true, encoding: .utf8)
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--model", Fixtures.url("mini-f32").path, "--prompt", "describe the image", "--seed", "11",
                "--json", "--schema", file.path,
            ] + options,
            in: directory,
            environment: sharing ? [:] : ["FLOTILLA_SHARED_MEMORY": "off"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    private static func text(_ answer: [String: Any]) throws -> String {
        let wanted = answer.filter { ["tokens", "logprobs", "answer", "thinking"].contains($0.key) }
        return String(
            decoding: try JSONSerialization.data(withJSONObject: wanted, options: .sortedKeys),
            as: UTF8.self
        )
    }

    @Test("the same on 1, 2 and 3 ranks, with shared memory and with messages, and of the schema", arguments: choices)
    func ranks(choice: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let options = choice + ["--max-tokens", "120", "--decoder-ranks"]
            let alone = try answer(options + ["1"], in: directory)
            let text = try Self.text(alone)
            #expect(try Self.text(answer(options + ["2"], in: directory)) == text)
            #expect(try Self.text(answer(options + ["3"], in: directory)) == text)
            #expect(try Self.text(answer(options + ["3"], in: directory, sharing: false)) == text)
            // Names and punctuation are drafts, and nothing of the answer depends on them.
            let plain = try answer(options + ["2", "--speculate", "off"], in: directory)
            #expect(try Self.text(plain) == text)
            let figures = alone["speculation"] as? [String: Int] ?? [:]
            #expect(figures["drafted"] ?? 0 > 0, "\(figures)")
            let written = try #require(alone["answer"] as? String)
            #expect(alone["finish"] as? String == "stop", "\(written)")
            let value = try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any] ?? [:]
            #expect(Set(value.keys) == ["vendor", "paid", "total"])
            #expect((value["vendor"] as? String)?.unicodeScalars.count ?? 9 <= 8)
            #expect((0...99).contains((value["total"] as? NSNumber)?.doubleValue ?? -1))
        }
    }

    /// What people ask for, and what random schemas hold besides.
    static let schemas = [
        schema.replacing("\n", with: " "),
        #"{"type":"array","items":{"type":"integer","minimum":-3,"maximum":120},"minItems":1,"maxItems":4}"#,
        #"{"type":["string","null"],"minLength":2,"maxLength":9}"#,
        #"{"enum":["cash","card",1,2.5,null,"日本",{"a":[1,"x"]}]}"#,
        #"{"type":"string","format":"date-time"}"#,
        #"{"type":"string","pattern":"^\\d+([.,]\\d{2})?$","maxLength":12}"#,
        #"{"type":"number","exclusiveMinimum":-2.5,"maximum":10.25}"#, #"{"type":"string","format":"ipv6"}"#,
        #"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"},"v":{"type":"boolean"}},"required":["k","v"],"#
            + #""additionalProperties":false},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"],"#
            + #""additionalProperties":false}]}"#,
        #"{"allOf":[{"properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false},"#
            + #"{"properties":{"x":{"minimum":7,"maximum":31}}}],"type":"object"}"#,
        ##"{"type":"object","properties":{"v":{"type":"null"},"k":{"type":"array","items":{"$ref":"#"},"maxItems":1}},"##
            + #""required":["v"],"additionalProperties":false}"#,
        #"{"type":"array","prefixItems":[{"type":"string","maxLength":2},{"type":"boolean"}],"items":false,"minItems":1}"#,
    ]

    @Test("answers at random are what jsonschema calls valid")
    func validated() throws {
        guard PythonClients.python != nil else { return }
        try Fixtures.withTemporaryDirectory { directory in
            let requests = (0..<10 * Self.schemas.count).map { number in
                #"{"id":"\#(number)","messages":[{"role":"user","content":"describe"}],"think":"off","max_tokens":160,"#
                    + #""temperature":\#(number % 2 == 0 ? "1.5" : "3"),"seed":\#(number),"#
                    + #""format":{"type":"json_schema","schema":\#(Self.schemas[number % Self.schemas.count])}}"#
            }
            let file = directory.appendingPathComponent("requests.jsonl")
            try requests.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            let outcome = try FlotillaProgram.run(
                ["generate", "--model", "demo", "--batch", file.path, "--json", "--decoder-ranks", "2"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let answers = directory.appendingPathComponent("answers.jsonl")
            try outcome.output.write(to: answers, atomically: true, encoding: .utf8)
            let program = """
                import json, jsonschema
                formats = {r["id"]: r["format"]["schema"] for r in map(json.loads, open("\(file.path)"))}
                whole = 0
                for answer in map(json.loads, open("\(answers.path)")):
                    if answer["finish"] != "stop": continue
                    whole += 1
                    jsonschema.Draft202012Validator(formats[answer["id"]], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(json.loads(answer["answer"]))
                print(whole)
                """
            let said = try PythonClients.run(program, port: 0, in: directory)
            #expect(Int(said.dropLast()) ?? 0 > requests.count * 9 / 10, "\(said)")
        }
    }

    @Test("a limit inside of a value ends the answer with length")
    func length() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let cut = try answer(["--think", "off", "--max-tokens", "4"], in: directory)
            #expect(cut["finish"] as? String == "length")
            #expect((cut["answer"] as? String)?.hasPrefix("{\"") ?? false)
        }
    }

    @Test("a schema that is not kept to is refused before anything is loaded")
    func refused() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("schema.json")
            try #"{"patternProperties":{}}"#.write(to: file, atomically: true, encoding: .utf8)
            for (path, word) in [(file.path, "patternProperties"), (file.path + "x", "cannot be read")] {
                let outcome = try FlotillaProgram.run(
                    ["generate", "--model", Fixtures.url("mini-f32").path, "--prompt", "x", "--schema", path],
                    in: directory
                )
                #expect(outcome.status == 2)
                #expect(outcome.errors.contains(word), "\(outcome.errors)")
            }
        }
    }
}
