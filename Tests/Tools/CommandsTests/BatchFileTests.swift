import Diagnostics
import Foundation
import Frontend
import Requests
import TestSupport
import Testing
import Tokenization

@testable import Commands

@Suite("Files of --batch")
struct BatchFileTests {
    /// What a file with these bytes says.
    private func read(_ text: String, defaults: RequestOptions = RequestOptions()) throws -> BatchFile {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("b.jsonl")
            try Data(text.utf8).write(to: file)
            return try BatchFile(path: file.path, defaults: defaults)
        }
    }

    private func message(_ text: String) throws -> String {
        try #require(throws: UsageError.self) { try read(text) }.description
    }

    private static let talk = #""messages":[{"role":"user","content":"a"}]"#

    @Test(
        "line ends of every system, empty lines and a byte order mark",
        arguments: ["\n", "\r\n", "\r\n\r\n", "\n \t\r\n"]
    )
    func lineEnds(end: String) throws {
        let lines = ["{\"id\":\"x\",\(Self.talk)}", "{\"id\":\"y\",\(Self.talk)}"]
        for text in [lines.joined(separator: end), "\u{FEFF}" + lines.map { $0 + end }.joined()] {
            #expect(try read(text).requests.map(\.id) == ["x", "y"])
        }
        #expect(try read(end).requests.isEmpty)
    }

    @Test("numbers are names too, digit for digit; a line without a name has its number")
    func ids() throws {
        let ids = ["7", "12345678901234567890", "1.50", "\"a b\"", "null"]
        let text = ids.map { "{\"id\":\($0),\(Self.talk)}" }.joined(separator: "\n")
        #expect(try read(text).requests.map(\.id) == ["7", "12345678901234567890", "1.50", "a b", "4"])
    }

    @Test("the options of a line are read as the wire reads them, the rest is the command line's")
    func options() throws {
        var defaults = RequestOptions()
        defaults.sampling.temperature = 0.5
        defaults.think = .off
        let line = #"{"prompt":"a","max_tokens":2.0,"think":"on","stop":"x","seed":18446744073709551615,"top_k":null}"#
        let request = try #require(try read(line, defaults: defaults).requests.first)
        #expect(request.options.sampling.maxTokens == 2)
        #expect(request.options.sampling.temperature == 0.5)
        #expect(request.options.think == .on)
        #expect(request.options.stop == ["x"])
        #expect(request.options.seed == .max)
        #expect(request.messages == [ChatMessage(role: .user, text: "a")])
    }

    @Test("pictures are named as Hugging Face or the wire name them")
    func pictures() throws {
        let parts =
            #"[{"type":"image","image":"a.png"},{"type":"image","path":"b.png"},{"type":"image","data":"AQ\r\nID"}]"#
        let request = try #require(try read("{\"messages\":[{\"role\":\"user\",\"content\":\(parts)}]}").requests.first)
        #expect(request.messages.images == ["a.png", "b.png", "data:;base64,AQID"])
    }

    @Test(
        "a mistake names the file, the line and the member, before any work begins",
        arguments: [
            (#""max_tokens":"2""#, "max_tokens is a string, expected a whole number"),
            (#""max_tokens":2.5"#, "max_tokens is 2.5, expected a whole number"),
            (#""max_tokens":true"#, "max_tokens is true or false, expected a whole number"),
            (#""max_tokens":0"#, "max_tokens is 0, expected 1 to 1000000"),
            (#""temperature":-1"#, "temperature is -1.0"), (#""think":"maybe""#, "think is \"maybe\""),
            (#""id":true"#, "id is true or false"), (#""id":"x""#, "the id \"x\" is that of line 1 too"),
            (#""prompt":"b""#, "messages or prompt"), (#""logit_bias":{"a":1}"#, "logit_bias.a"),
            ("\"x\":[1,", "expected a value, found '}'"),
        ]
    )
    func mistakes(member: String, says: String) throws {
        let text = "{\"id\":\"x\",\(Self.talk)}\r\n\r\n{\(Self.talk),\(member)}\r\n"
        let found = try message(text)
        #expect(found.contains("b.jsonl, line 3: "), "\(found)")
        #expect(found.contains(says), "\(found)")
    }

    @Test(
        "a mistake in a conversation names the place in it",
        arguments: [
            (#"{"messages":7}"#, "messages is a number"), ("[]", "the line is an array, expected an object"),
            ("x", "expected an object, found 'x'"), ("{}", "messages or prompt"),
            (#"{"messages":[]}"#, "messages is empty"),
            (#"{"messages":[{"role":"robot","content":"a"}]}"#, "messages[0].role is \"robot\""),
            (#"{"messages":[{"role":"user","content":[{"type":"image","data":"*"}]}]}"#, "messages[0].content[0].data"),
            (#"{"messages":[{"role":"user","content":[{"type":"image","blob":0}]}]}"#, "messages[0].content[0].blob"),
        ]
    )
    func places(line: String, says: String) throws {
        let found = try message(line)
        #expect(found.contains("b.jsonl, line 1: ") && found.contains(says), "\(found)")
    }

    @Test("bytes that are not UTF-8 are refused, with their line")
    func notText() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("b.jsonl")
            try (Data("{\"prompt\":\"a\"}\n{\"prompt\":\"".utf8) + [0xFF] + Data("\"}".utf8)).write(to: file)
            let error = #expect(throws: UsageError.self) { try BatchFile(path: file.path) }
            #expect(error?.description.contains("b.jsonl, line 2: \"prompt\": expected UTF-8 text") == true)
        }
    }
}
