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
            let written = try #require(alone["answer"] as? String)
            #expect(alone["finish"] as? String == "stop", "\(written)")
            let value = try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any] ?? [:]
            #expect(Set(value.keys) == ["vendor", "paid", "total"])
            #expect((value["vendor"] as? String)?.unicodeScalars.count ?? 9 <= 8)
            #expect((0...99).contains((value["total"] as? NSNumber)?.doubleValue ?? -1))
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
