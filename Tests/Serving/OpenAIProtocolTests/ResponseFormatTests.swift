import Constraints
import Requests
import Testing
import WireProtocol

@testable import OpenAIProtocol

/// The forms of answers that clients of the API ask for.
struct ResponseFormatTests {
    private static let schema = #"{"type":"object","properties":{"b":{"type":"integer"},"a":{}}}"#

    @Test("A chat's format is the line's, with the schema as it was written")
    func chat() throws {
        func format(_ json: String) throws -> AnswerFormat? {
            try Samples.request("\"response_format\":\(json)").generate.options.format
        }
        #expect(try format(#"{"type":"json_object"}"#) == .jsonObject)
        let strict = #"{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":\#(Self.schema)}}"#
        #expect(try format(strict) == .jsonSchema(Self.schema))
        #expect(try format(#"{"type":"regex","pattern":"[a-c]+"}"#) == .regex("[a-c]+"))
        #expect(try format(#"{"type":"choice","choices":["yes","no"]}"#) == .choice(["yes", "no"]))
        for none in [#"{"type":"text"}"#, "{}", "null"] { #expect(try format(none) == nil) }
        #expect(try Samples.request(#""response_format":{"type":"json_object"}"#).ignored.isEmpty)
    }

    @Test("A response's format stands in text, and is told again in the answer")
    func response() throws {
        let format = #"{"type":"json_schema","name":"r","strict":true,"# + "\n" + #""schema":\#(Self.schema)}"#
        let request = try ResponseTests.request(#"{"input":"x","text":{"format":\#(format)}}"#)
        #expect(request.generate.options.format == .jsonSchema(Self.schema))
        var writer = ResponseAnswer(Samples.frame, request)
        var output = writer.take(Samples.ack, choice: 0)
        output += writer.take(Samples.end("{}"), choice: 0)
        guard case .reply(let reply)? = output.last else { throw APIError.draining }
        let told = try #require((try Samples.object(reply.body)["text"] as? [String: Any])?["format"] as? [String: Any])
        #expect(told["type"] as? String == "json_schema" && told["name"] as? String == "r")
        #expect((told["schema"] as? [String: Any])?.count == 2)
        #expect(!String(decoding: reply.body, as: UTF8.self).contains("\n"))
    }

    @Test(
        "A keyword that is not supported is named, and so is the member that holds it",
        arguments: [
            (
                #"{"type":"json_schema","schema":{"properties":{"a":{"patternProperties":{}}}}}"#,
                "\"patternProperties\" at #/properties/a"
            ),
            (#"{"type":"json_schema","json_schema":{"name":"x","schema":{"format":"iri"}}}"#, "iri"),
            (#"{"type":"regex","pattern":"(?=a)"}"#, "looking ahead"),
            (#"{"type":"choice","choices":[]}"#, "choices is empty"),
            (#"{"type":"json_schema","schema":{"$ref":"https://example.com/a.json"}}"#, "https://example.com/a.json"),
        ]
    )
    func unsupported(format: String, word: String) throws {
        let chat = try #require(Samples.error("\"response_format\":\(format)"))
        #expect(chat.status == 400 && chat.code == "unsupported" && chat.param == "response_format")
        #expect(chat.message.contains(word), "\(chat.message)")
        let response = try #require(ResponseTests.error(#"{"input":"x","text":{"format":\#(format)}}"#))
        #expect(response.code == "unsupported" && response.param == "text.format")
        #expect(response.message.contains(word), "\(response.message)")
    }

    @Test(
        "What is no format at all says where it is wrong",
        arguments: [
            (#"{"type":"yaml"}"#, "response_format"), (#"{"type":"json_schema"}"#, "response_format"),
            (#"{"type":"json_schema","json_schema":{"name":"x"}}"#, "response_format"), ("[]", "response_format"),
            (#"{"type":"json_schema","json_schema":[]}"#, "response_format.json_schema"),
            (#"{"type":5}"#, "response_format.type"),
            (#"{"type":"structural_tag","structures":[]}"#, "response_format"),
        ]
    )
    func broken(format: String, param: String) {
        let error = Samples.error("\"response_format\":\(format)")
        #expect(error?.status == 400 && error?.code == "invalid_value" && error?.param == param, "\(error as Any)")
    }
}
