import Foundation
import Testing

@testable import JSON

@Suite("JSON as a tree")
struct JSONValueTests {
    static let valid: [(String, JSONValue)] = [
        (" null ", .null),
        ("true", .bool(true)),
        ("-0", .integer(0)),
        ("9007199254740993", .integer(9_007_199_254_740_993)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("1e6", .number(1e6)),
        ("-1.5E-3", .number(-1.5e-3)),
        (#""a\u00e9\ud83d\ude00\n\/""#, .string("aé😀\n/")),
        (#""日本""#, .string("日本")),
        ("[]", .array([])),
        ("[1, [true ], {}]", .array([.integer(1), .array([.bool(true)]), .object([:])])),
        (#"{"a":{"b":1},"":2}"#, .object(["a": .object(["b": .integer(1)]), "": .integer(2)])),
    ]

    @Test("JSON is read", arguments: valid)
    func reads(text: String, value: JSONValue) throws {
        #expect(try Self.parse(text) == value)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "tru", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{\"a\":1 \"b\":2}", "[1 2]",
            "1 2",
            "01", "-", "1.", ".5", "1e", "+1", "1e999", "NaN", "Infinity", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
            "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "{\"a\":1,\"a\":2}", "'a'", "// x\n1",
            "\u{FEFF}1", String(repeating: "[", count: 100_000), String(repeating: "1", count: 401),
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONFailure.self) { try Self.parse(text) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        #expect(throws: JSONFailure.self) { try Self.parse(Data([0x22, 0xFF, 0x22])) }
    }

    @Test("a failure says where it is, and which kind it is")
    func offset() throws {
        let twice = try #require(throws: JSONFailure.self) { try Self.parse(#"{"b":{"a":1,"a":2}}"#) }
        #expect(twice.description == #""b.a": expected each key once, found it again at byte 16"#)
        let open = try #require(throws: JSONFailure.self) { try Self.parse(#"{"a":[1,"#) }
        #expect(open.kind == .syntax)
        #expect(open.description == #""a": expected ']', found the end at byte 8"#)
    }

    @Test("128 levels are read, 129 refused")
    func depth() throws {
        let nested = { (levels: Int) in
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(throws: Never.self) { try Self.parse(nested(128)) }
        #expect(throws: JSONFailure.self) { try Self.parse(nested(129)) }
    }

    @Test("an error is short, whatever the text")
    func short() throws {
        let key = String(repeating: "k", count: 100_000)
        for text in ["{\"\(key)\":x}", String(repeating: "{\"\(key)\":", count: 20), "[1\(key)]"] {
            let failure = try #require(throws: JSONFailure.self) { try Self.parse(text) }
            #expect(failure.description.utf8.count < 2000)
        }
    }

    @Test("what the writer writes is read back", arguments: valid)
    func roundTrip(text: String, value: JSONValue) throws {
        #expect(try Self.parse(JSONWriter.text(value)) == value)
        #expect(try Self.parse(JSONWriter.line(value)) == value)
    }

    private static func parse(_ data: Data) throws -> JSONValue {
        try data.withUnsafeBytes { try JSONValue(parsing: $0) }
    }

    private static func parse(_ text: String) throws -> JSONValue { try parse(Data(text.utf8)) }
}
