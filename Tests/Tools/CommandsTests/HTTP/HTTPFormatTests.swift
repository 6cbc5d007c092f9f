import Foundation
import Requests
import TestSupport
import Testing

/// Forms of answers that clients of the API ask for, against the line of the same server.
@Suite("Formats of answers over HTTP", .serialized, .ownThread)
struct HTTPFormatTests {
    static let schema =
        #"{"type":"object","properties":{"vendor":{"type":"string","maxLength":8},"paid":{"type":"boolean"},"#
        + #""total":{"type":"number","minimum":0,"maximum":99}},"required":["vendor","paid","total"],"#
        + #""additionalProperties":false}"#
    static let strict =
        #""response_format":{"type":"json_schema","json_schema":{"name":"record","strict":true,"schema":\#(schema)}}"#
    static let line = #""format":{"type":"json_schema","schema":\#(schema)}"#

    private func isRecord(_ text: String?) -> Bool {
        let value = try? JSONSerialization.jsonObject(with: Data((text ?? "").utf8)) as? [String: Any]
        return value.map { Set($0.keys) } == ["vendor", "paid", "total"]
    }

    @Test("The same bytes as on the line, whole, streamed, as a response, and of the schema")
    func sameBytes() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            for members in [
                #""seed":1"#, #""temperature":3,"seed":7"#, #""temperature":1.5,"top_p":0.9,"seed":8"#,
                #""seed":1,"think":"on","think_budget":3"#,
            ] {
                let line = try #require(try server.ask(#"{"prompt":"describe","# + members + ",\(Self.line)}").end)
                let whole = try server.chat(Bodies.chat("describe", "\(members),\(Self.strict)"))
                #expect(whole.status == 200 && whole.content == line.text, "\(whole.text)")
                #expect(isRecord(line.text) && line.finish == "stop", "\(line.text)")
                #expect(whole.message["reasoning"] as? String ?? "" == line.thinking)
                #expect(whole.fields["flotilla-ignored"] == nil)
                let stream = try server.chat(Bodies.chat("describe", "\(members),\(Self.strict),\"stream\":true"))
                #expect(stream.streamedText == line.text)
                let text = #""text":{"format":{"type":"json_schema","name":"r","schema":\#(Self.schema)}}"#
                let response = try server.post("/v1/responses", #"{"input":"describe","# + "\(members),\(text)}")
                let items = response.object["output"] as? [[String: Any]]
                let told = ((items?.last?["content"] as? [[String: Any]])?.first?["text"]) as? String
                #expect(told == line.text, "\(response.text)")
            }
            let several = try server.chat(Bodies.chat("describe", "\"n\":3,\"temperature\":2,\(Self.strict)"))
            let choices = several.object["choices"] as? [[String: Any]] ?? []
            #expect(choices.count == 3)
            for choice in choices { #expect(isRecord((choice["message"] as? [String: Any])?["content"] as? String)) }
            #expect(server.end().status == 0)
        }
    }

    @Test("Expressions and choices; a limit inside of a value ends with length")
    func others() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            func answer(_ format: String, _ members: String = #""max_tokens":60"#) throws -> HTTPAnswer {
                try server.chat(Bodies.chat("describe", "\(members),\"response_format\":\(format)"))
            }
            let choice = try answer(#"{"type":"choice","choices":["yes, it is","no"]}"#)
            #expect(["yes, it is", "no"].contains(choice.content))
            let regex = try answer(#"{"type":"regex","pattern":"[A-C]{3}-\\d{2}"}"#)
            #expect(regex.content?.wholeMatch(of: /[A-C]{3}-\d{2}/) != nil, "\(regex.text)")
            let object = try answer(#"{"type":"json_object"}"#, #""max_tokens":5,"think":"off""#)
            #expect(object.content?.hasPrefix("{") == true)
            let cut = try server.chat(Bodies.chat("describe", "\"max_tokens\":3,\"think\":\"off\",\(Self.strict)"))
            let finish = (cut.object["choices"] as? [[String: Any]])?.first?["finish_reason"] as? String
            #expect(finish == "length" && cut.content?.hasPrefix("{\"") == true, "\(cut.text)")
            let text = try answer(#"{"type":"text"}"#)
            #expect(try text.content == server.chat(Bodies.chat("describe", #""max_tokens":60"#)).content)
            #expect(server.end().status == 0)
        }
    }

    /// Small to send, and large to anybody who believes them.
    static let hostile: [String] = {
        func nested(_ count: Int) -> String {
            String(repeating: #"{"type":"array","items":"#, count: count) + "{}" + String(repeating: "}", count: count)
        }
        let doubled = (0..<40).map {
            ##""d\##($0)":{"allOf":[{"$ref":"#/$defs/d\##($0 + 1)"},{"$ref":"#/$defs/d\##($0 + 1)"}]}"##
        }
        let branches = (0..<6).map { level in
            #"{"anyOf":[\#((0..<6).map { #"{"properties":{"p\#(level)\#($0)":{}}}"# }.joined(separator: ","))]}"#
        }
        return [
            nested(70), nested(40_000), #"{"pattern":"(a|b)*a(a|b){20}"}"#, #"{"pattern":"((a{1,99}){1,99}){1,99}"}"#,
            #"{"pattern":"\#(String(repeating: "(", count: 4000))"}"#,
            ##"{"$defs":{\##(doubled.joined(separator: ",")),"d40":{}},"$ref":"#/$defs/d0"}"##,
            #"{"allOf":[\#(branches.joined(separator: ","))]}"#, ##"{"$ref":"#"}"##,
            #"{"enum":[\#(Array(repeating: "1", count: 2001).joined(separator: ","))]}"#,
            #"{"description":"\#(String(repeating: "x", count: 65_536))"}"#, #"{"minItems":1e30}"#,
        ]
    }()

    @Test("Hostile schemas are 400 with the member, and the server answers on")
    func hostile() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            for schema in Self.hostile {
                let format = #"{"type":"json_schema","json_schema":{"name":"x","schema":\#(schema)}}"#
                let refused = try server.chat(Bodies.chat("x", "\"response_format\":\(format)"))
                #expect(refused.status == 400, "\(schema.prefix(80)): \(refused.text.prefix(200))")
                let isDeep = schema.utf8.count > 200_000
                #expect(isDeep || refused.error["param"] as? String == "response_format", "\(refused.text)")
            }
            // Brackets that may be read in two ways, as deep as an answer goes: no more than time for each.
            let twice =
                ##"{"anyOf":[{"type":"array","items":{"$ref":"#"}},{"type":"array","items":{"$ref":"#"},"minItems":1}]}"##
            let members = #""max_tokens":300,"speculate":false,"temperature":3,"seed":3,"think":"off""#
            let deep = try server.chat(
                Bodies.chat("x", "\(members),\"response_format\":{\"type\":\"json_schema\",\"schema\":\(twice)}")
            )
            #expect(deep.status == 200 && deep.content?.hasPrefix("[") == true, "\(deep.text)")
            #expect(try server.chat(Bodies.chat("what is 3 plus 4?")).content == "3 + 4 = 7.")
            #expect(server.end().status == 0)
        }
    }
}
