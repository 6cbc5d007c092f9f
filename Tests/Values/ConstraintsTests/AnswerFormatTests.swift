import JSON
import Testing

@testable import Constraints

@Suite struct AnswerFormatTests {
    private func read(_ text: String) throws -> AnswerFormat {
        try JSONReader.read(text) { (reader) throws(JSONFailure) in try AnswerFormat.read(&reader) }
    }

    private func readResponseFormat(_ text: String) throws -> AnswerFormat? {
        try JSONReader.read(text) { (reader) throws(JSONFailure) in try AnswerFormat.read(responseFormat: &reader) }
    }

    @Test(arguments: [
        (#"{"type":"json_object"}"#, AnswerFormat.jsonObject),
        (#"{"schema":{"b":1,"a":[2]},"type":"json_schema"}"#, .jsonSchema(#"{"b":1,"a":[2]}"#)),
        (#"{"type":"regex","pattern":"a\\n\"b"}"#, .regex(#"a\n"b"#)),
        (#"{"type":"choice","choices":["yes","né\n"]}"#, .choice(["yes", "né\n"])),
    ])
    func `Formats are read and written`(text: String, format: AnswerFormat) throws {
        #expect(try read(text) == format)
        #expect(try read(format.json) == format)
    }

    @Test func `A schema on one line is the same schema`() throws {
        let format = AnswerFormat.jsonSchema("{\r\n\"enum\":\n[\"a\u{2028}b\u{85}\"]}")
        #expect(format.json == #"{"type":"json_schema","schema":{  "enum": ["a\#u{2028}b\#u{85}"]}}"#)
        #expect(try read(format.json).accepts("\"a\u{2028}b\u{85}\""))
    }

    @Test(arguments: [
        "{}", #"{"type":"yaml"}"#, #"{"type":"json_schema"}"#, #"{"type":"json_object","schema":{}}"#, "[]",
        #"{"type":"regex","pattern":1}"#, #"{"type":"choice","choices":"a"}"#, #"{"type":"choice","choices":[1]}"#,
    ])
    func `What is no format is a failure`(text: String) {
        #expect(throws: JSONFailure.self) { try read(text) }
    }

    @Test func `Formats of OpenAI's API`() throws {
        #expect(try readResponseFormat(#"{"type":"text"}"#) == nil)
        #expect(try readResponseFormat(#"{"type":"json_object"}"#) == .jsonObject)
        let schema = #"{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"integer"}}}"#
        #expect(try readResponseFormat(schema) == .jsonSchema(#"{"type":"integer"}"#))
        let flat = #"{"type":"json_schema","name":"x","description":null,"strict":null,"schema":true}"#
        #expect(try readResponseFormat(flat) == .jsonSchema("true"))
        #expect(try readResponseFormat(#"{"type":"json_object","schema":{"a":1}}"#) == .jsonSchema(#"{"a":1}"#))
        #expect(try readResponseFormat(#"{"type":"regex","pattern":"a+"}"#) == .regex("a+"))
        #expect(try readResponseFormat(#"{"type":"choice","choices":["a"]}"#) == .choice(["a"]))
        #expect(try readResponseFormat("{}") == nil)
        for wrong in [
            #"{"type":"json_schema"}"#, #"{"type":"grammar"}"#, #"{"schema":{}}"#,
            #"{"type":"json_schema","schema":null}"#,
            #"{"type":"json_object","grammar":"x"}"#, #"{"type":"json_schema","json_schema":{"schema":{},"x":1}}"#,
        ] {
            #expect(throws: JSONFailure.self, "\(wrong)") { try readResponseFormat(wrong) }
        }
    }

    @Test(arguments: [
        (#"\d{3}-[^a-c]"#, ["123-x", "999-é"], ["12-x", "123-a", "123-"]), ("a|bc*", ["a", "bcc", "b"], ["ac", ""]),
        ("^x?$", ["", "x"], ["xx"]), (#"(?:ab){2,3}\u00e9"#, ["ababé", "abababé"], ["abé"]),
        (".", ["é", "\""], ["\n", "ab"]),
        (#"[\w.-]+@\s"#, ["a.b-c@ "], ["@ ", "a@b"]), (#"\x41\.\*[\]]"#, ["A.*]"], ["A.*"]),
        ("(a?){3}b", ["b", "aab"], ["aaaab"]),
    ])
    func `Regular expressions stand for whole answers`(pattern: String, right: [String], wrong: [String]) throws {
        for text in right { #expect(try AnswerFormat.regex(pattern).accepts(text), "\(text)") }
        for text in wrong { #expect(try !AnswerFormat.regex(pattern).accepts(text), "\(text)") }
    }

    @Test func `Choices are whole texts`() throws {
        let format = AnswerFormat.choice(["no", "not now", "nö"])
        for text in ["no", "not now", "nö"] { #expect(try format.accepts(text)) }
        for text in ["n", "not", "no ", ""] { #expect(try !format.accepts(text)) }
        #expect(!AnswerFormat.choice([]).refusal.isEmpty)
        #expect(!AnswerFormat.choice([""]).refusal.isEmpty)
    }

    @Test func `Any object, nested as deep as is said`() throws {
        let format = AnswerFormat.jsonObject
        for text in ["{}", #"{"a":[1,-2.5e3,{"b":null}],"é\\n":""}"#] { #expect(try format.accepts(text)) }
        for text in ["[]", #"{"a":1,}"#, #"{"a" :1}"#, "{\"\n\":1}"] { #expect(try !format.accepts(text)) }
        let deep = { String(repeating: #"{"a":"#, count: $0) + "1" + String(repeating: "}", count: $0) }
        #expect(try format.accepts(deep(16)) && !format.accepts(deep(18)))
    }
}
