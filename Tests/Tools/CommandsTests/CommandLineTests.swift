import Foundation
import TestSupport
import Testing

/// What stands on the command line is taken as it is written.
@Suite("Values on the command line", .ownThread)
struct CommandLineTests {
    static let model = Fixtures.url("mini-f32").path

    @Test("values that begin with a dash are values")
    func dashes() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                [
                    "generate", "--model", Self.model, "--prompt", "-5 plus 3?", "--system", "- be brief", "--stop",
                    "---", "--stop", "--json", "--max-tokens", "2", "--threads", "1", "--json",
                ],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.hasPrefix("{"))
        }
    }

    @Test(
        "a question may begin with a dash",
        arguments: [
            ["-5 plus 3?"], ["--", "-5+3"], ["--", "- 5"], ["--json", "-x y"], ["-x y", "--json"], ["plain"],
        ]
    )
    func questions(words: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let missing = directory.appendingPathComponent("no.sock").path
            let outcome = try FlotillaProgram.run(["ask", "--server", missing] + words, in: directory)
            // It got as far as looking for the server.
            #expect(outcome.status == 6 && outcome.errors.contains("no.sock"), "\(outcome.errors)")
        }
    }

    @Test("a picture that a conversation names wrongly is named with its file and place")
    func places() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let picture = Fixtures.url("images/dot.png")
            try FileManager.default.copyItem(at: picture, to: directory.appendingPathComponent("dot.png"))
            let part = { (name: String) in "{\"type\":\"image\",\"image\":\"\(name)\"}" }
            let messages = "[{\"role\":\"user\",\"content\":[\(part("dot.png")),\(part("no.png"))]}]"
            let conversation = directory.appendingPathComponent("c.json")
            try Data(messages.utf8).write(to: conversation)
            let one = try FlotillaProgram.run(
                ["generate", "--model", Self.model, "--messages", conversation.path],
                in: directory
            )
            #expect(one.status == 2)
            #expect(one.errors.contains("c.json: messages[0].content[1]: "), "\(one.errors)")
            #expect(one.errors.contains("no.png: no such file"), "\(one.errors)")
            let batch = directory.appendingPathComponent("b.jsonl")
            try Data("{\"prompt\":\"x\"}\r\n{\"messages\":\(messages)}\r\n".utf8).write(to: batch)
            let many = try FlotillaProgram.run(
                ["generate", "--model", Self.model, "--batch", batch.path],
                in: directory
            )
            #expect(many.status == 2 && many.output.isEmpty)
            #expect(many.errors.contains("b.jsonl, line 2: messages[0].content[1]: "), "\(many.errors)")
        }
    }

    @Test("a batch with line ends of Windows, pictures by address and ids that are numbers is answered")
    func batch() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let picture = Fixtures.url("images/dot.png")
            let data = try Data(contentsOf: picture).base64EncodedString(options: .lineLength76Characters)
                .replacingOccurrences(of: "\r\n", with: "\\r\\n")
            let parts = [
                "{\"type\":\"image\",\"image\":\"file://\(picture.path)\"}",
                "{\"type\":\"image\",\"data\":\"\(data)\"}",
                "{\"type\":\"text\",\"text\":\"x\"}",
            ]
            let line =
                "{\"id\":12345678901234567890,\"max_tokens\":2.0,\"messages\":"
                + "[{\"role\":\"user\",\"content\":[\(parts.joined(separator: ","))]}]}"
            let batch = directory.appendingPathComponent("b.jsonl")
            try Data("\(line)\r\n\r\n{\"prompt\":\"y\",\"max_tokens\":1}\r\n".utf8).write(to: batch)
            let outcome = try FlotillaProgram.run(
                ["generate", "--model", Self.model, "--batch", batch.path, "--threads", "1"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let answers = try outcome.output.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
            #expect(answers.map { $0?["id"] as? String } == ["12345678901234567890", "1"])
        }
    }
}
