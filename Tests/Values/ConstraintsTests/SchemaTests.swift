import Foundation
import TestSupport
import Testing

@testable import Constraints

@Suite struct SchemaTests {
    private static let tree = """
        {"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},
        "k":{"type":"array","items":{"$ref":"#/$defs/n"}}},"required":["v"],"additionalProperties":false}}}
        """

    @Test(arguments: [
        (
            #"{"type":"integer","minimum":-12,"maximum":1234}"#, ["-12", "0", "999", "1234"],
            ["-13", "1235", "01", "-0", "1.0"]
        ),
        (
            #"{"type":"number","minimum":0.25,"exclusiveMaximum":10}"#, ["0.25", "0.250", "1", "9.99"],
            ["0.2499", "10", "10.0"]
        ),
        (
            #"{"type":"number","exclusiveMinimum":-0.5,"maximum":0}"#, ["-0.49", "0", "-0"],
            ["-0.5", "-0.50", "0.1", "0.01"]
        ),
        (
            #"{"type":"string","minLength":2,"maxLength":3}"#, [#""é😀""#, #""a\n""#, #""abc""#],
            [#""a""#, #""abcd""#, #""\u0061b""#]
        ),
        (#"{"type":"string","pattern":"^a[bc]+$","maxLength":4}"#, [#""abcb""#], [#""abcbc""#, #""a""#]),
        (#"{"pattern":"b"}"#, [#""abc""#, "1", "[]"], [#""ac""#]),
        (#"{"type":["string","null"]}"#, ["null", #""""#], ["1"]),
        (#"{"type":"integer","nullable":true}"#, ["null", "7"], ["true"]),
        (#"{"enum":[1,"a",{"b":[null]}],"type":["string","object"]}"#, [#""a""#, #"{"b":[null]}"#], ["1"]),
        (
            #"{"type":"object","properties":{"b":{"type":"integer"},"a":{}},"required":["a"],"additionalProperties":false}"#,
            [#"{"a":1}"#, #"{"b":1,"a":[]}"#], [#"{"a":1,"b":1}"#, #"{"b":1}"#, "{}", #"{"b": 1,"a":1}"#]
        ),
        (
            #"{"properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}"#,
            [#"{"aa":"x","b":""}"#, #"{"a":1}"#, "3"], [#"{"a":"x"}"#, #"{"b":1}"#]
        ),
        (
            #"{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":1}"#,
            ["[1]", #"[1,"a"]"#], ["[]", #"[1,"a",2]"#]
        ),
        (
            #"{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":3}"#,
            ["[true,false]", "[true,true,true]"], ["[true]", "[true,true,true,true]"]
        ),
        (
            #"{"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"a":{"minimum":3}}}],"type":"object"}"#,
            [#"{"a":3}"#], [#"{"a":2}"#, "{}"]
        ),
        (tree, [#"{"v":1,"k":[{"v":2},{"v":3,"k":[]}]}"#], [#"{"k":[]}"#, #"{"v":1,"k":[1]}"#]),
        (
            #"{"oneOf":[{"properties":{"t":{"const":"a"}},"required":["t"],"type":"object"},{"type":"null"}]}"#,
            [#"{"t":"a"}"#, "null"], [#"{"t":"b"}"#]
        ),
    ])
    func `Values are taken that satisfy a schema, and only those`(
        schema: String,
        right: [String],
        wrong: [String]
    ) throws {
        let format = AnswerFormat.jsonSchema(schema)
        for text in right { #expect(try format.accepts(text), "\(text)") }
        for text in wrong { #expect(try !format.accepts(text), "\(text)") }
    }

    @Test(arguments: [
        (#"{"type":"object","patternProperties":{}}"#, "patternProperties"), (#"{"maxlength":3}"#, "maxlength"),
        (#"{"properties":{"a":{"not":{}}}}"#, "\"not\" at #/properties/a"), (#"{"format":"iri"}"#, "iri"),
        (#"{"multipleOf":2}"#, "multipleOf"), (#"{"uniqueItems":true}"#, "uniqueItems"),
        (#"{"pattern":"(?=a)"}"#, "looking ahead"), (#"{"pattern":"(a)\\1"}"#, "back reference"),
        (##"{"$ref":"#"}"##, "refers to itself"), (#"{"$ref":"other.json"}"#, "other.json"),
        (##"{"$ref":"#/x"}"##, "nothing"),
        (#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "do not exclude"), ("false", "no value"),
        (#"{"type":"integer","minimum":3,"maximum":2}"#, "no value"), (#"{"type":"strin"}"#, "type"),
        ("[]", "expected an object"),
        (##"{"type":"object","properties":{"k":{"$ref":"#"}},"required":["k"]}"##, "no value"), ("{", "cannot be read"),
    ])
    func `What is not supported is refused by name`(schema: String, word: String) {
        let refusal = AnswerFormat.jsonSchema(schema).refusal
        #expect(refusal.contains(word), "\(refusal)")
    }

    @Test(arguments: [
        String(repeating: #"{"items":"#, count: 100) + "{}" + String(repeating: "}", count: 100),
        String(repeating: "[", count: 10_000), #"{"pattern":"(a|b)*a(a|b){20}c"}"#, #"{"pattern":"(.{1000}){1000}"}"#,
        #"{"allOf":["#
            + (0..<12).map { #"{"anyOf":[{"minimum":\#($0)},{"maximum":\#(-$0)},{"minLength":1}]}"# }
            .joined(separator: ",") + "]}",
        #"{"enum":["# + String(repeating: "1234567,", count: 10_000) + "1]}",
        #"{"properties":{"# + (0..<3000).map { #""p\#($0)":{"type":"null"}"# }.joined(separator: ",") + "}}",
        #"{"minLength":10000000000000}"#, #"{"maximum":1e999}"#,
        #"{"pattern":"\#(String(repeating: "(", count: 4000))"}"#,
    ])
    func `Hostile schemas are refused`(schema: String) { #expect(!AnswerFormat.jsonSchema(schema).refusal.isEmpty) }

    @Test func `Brackets that may be read in two ways cost time for each, however deep`() throws {
        let parts = [##"{"$ref":"#"}"##, #"{"type":"integer"}"#, ##"{"anyOf":[{"$ref":"#"},{"type":"null"}]}"##]
        let branches = parts.map { #"{"type":"array","items":\#($0)}"# }
        let format = AnswerFormat.jsonSchema(#"{"anyOf":[\#(branches.joined(separator: ","))]}"#)
        let text = { (depth: Int, value: String) in
            String(repeating: "[", count: depth) + value + String(repeating: "]", count: depth)
        }
        #expect(try format.accepts(text(16, "1")) && format.accepts(text(15, "1,null")) == false)
        let (arena, root) = try format.compiled()
        let automaton = ByteAutomaton(arena, root)
        var state = automaton.start
        var depth = 0
        while case let next = automaton.next(state, 0x5B), next >= 0, depth < 30_000 {
            (state, depth) = (next, depth + 1)
        }
        #expect((16..<200).contains(depth))
        for _ in 0..<depth { state = automaton.next(state, 0x5D) }
        #expect(state >= 0 && automaton.isWhole(state))
    }

    @Test(arguments: [
        (
            "date", ["2024-02-29", "2000-02-29", "1999-12-31"],
            ["2023-02-29", "1900-02-29", "2024-13-01", "0000-01-01"]
        ),
        ("time", ["23:59:59Z", "00:00:00.5+01:00"], ["24:00:00Z", "1:00:00Z", "10:00:00"]),
        ("ipv4", ["255.0.1.99"], ["256.0.0.1", "01.2.3.4"]),
        ("ipv6", ["::1", "1::8", "1:2:3:4:5:6:7:8"], [":::", "1:2"]),
        ("uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08aa9811eab4aa73b441d16380"]),
        ("email", ["joe@example.com"], ["joe", "a@b..c"]), ("hostname", ["a-b.example"], ["-a", "a--b", "xn--x"]),
        ("duration", ["P1Y2M", "PT36H", "P2W"], ["P", "PT", "P1Y2W"]), ("uri", ["https://a.b/c?d#e"], ["a b", "//x"]),
        ("json-pointer", ["", "/a~1b"], ["a", "/~2"]),
    ])
    func `Formats of texts`(name: String, right: [String], wrong: [String]) throws {
        let format = AnswerFormat.jsonSchema(#"{"type":"string","format":"\#(name)"}"#)
        for text in right { #expect(try format.accepts("\"\(text)\""), "\(text)") }
        for text in wrong { #expect(try !format.accepts("\"\(text)\""), "\(text)") }
    }

    @Test func `Numbers between random bounds, compared with arithmetic`() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<200 {
            let (low, high) = (Int.random(in: -300...300, using: &random), Int.random(in: -300...300, using: &random))
            let bounds = #""minimum":\#(Double(low) / 10),"exclusiveMaximum":\#(Double(high) / 10)"#
            for type in ["number", "integer"] {
                let format = AnswerFormat.jsonSchema(#"{"type":"\#(type)",\#(bounds)}"#)
                guard format.refusal.isEmpty else {
                    // Only what has no value is refused.
                    #expect(
                        low >= high || (type == "integer" && !(-30...30).contains { $0 * 10 >= low && $0 * 10 < high })
                    )
                    continue
                }
                let (arena, root) = try format.compiled()
                let automaton = ByteAutomaton(arena, root)
                for tenth in -310...310 where type == "number" || tenth % 10 == 0 {
                    let sign = tenth < 0 ? "-" : ""
                    let text = sign + "\(abs(tenth) / 10)" + (tenth % 10 == 0 ? "" : ".\(abs(tenth) % 10)")
                    let state = automaton.next(0, Array(text.utf8))
                    #expect(
                        (state >= 0 && automaton.isWhole(state)) == (tenth >= low && tenth < high),
                        "\(text) \(bounds)"
                    )
                }
            }
        }
    }

    private struct SuiteCase: Decodable {
        struct Text: Decodable {
            var text: String
            var valid: Bool
            var accepted: Bool
        }
        var file: String
        var description: String
        var schema: String
        var tests: [Text]
    }

    @Test func `Cases of the JSON Schema test suite`() throws {
        let file = Fixtures.url("constraints/suite.jsonl")
        guard FileManager.default.fileExists(atPath: file.path) else {
            print("SKIPPED: constraints/suite.jsonl is not there; scripts/check-constraints --goldens writes it")
            return
        }
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
        for line in lines {
            let one = try JSONDecoder().decode(SuiteCase.self, from: line)
            let (arena, root) = try AnswerFormat.jsonSchema(one.schema).compiled()
            let automaton = ByteAutomaton(arena, root)
            for test in one.tests {
                let state = automaton.next(automaton.start, Array(test.text.utf8))
                let answer = state >= 0 && automaton.isWhole(state)
                #expect(answer == test.accepted, "\(one.file): \(one.description) \(test.text)")
                #expect(test.valid || !answer, "\(one.file): \(one.description) \(test.text)")
            }
        }
    }
}
