import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite struct JSONReaderTests {
    private func read<T>(_ text: String, _ body: (inout JSONReader) throws(JSONFailure) -> T) throws(JSONFailure) -> T {
        var reader = try JSONReader(Array(text.utf8))
        let value = try body(&reader)
        try reader.end()
        return value
    }

    @Test(arguments: [
        (#""""#, ""), (#" "a\n\t\"\\\/b" "#, "a\n\t\"\\/b"), (#""\u00e9\ud83d\ude00""#, "é😀"),
        ("\"字\u{7F}\"", "字\u{7F}"),
        (#""\u0000""#, "\0"),
    ])
    func `Strings are read with their escapes`(json: String, text: String) throws {
        let value = try read(json) { (reader) throws(JSONFailure) in try reader.string() }
        #expect(value == text)
    }

    @Test(arguments: [
        #""\ud83d""#, #""\ud83d\u0041""#, #""\udc00""#, #""\x""#, #""\u12""#, "\"a\nb\"", "\"a", "\"a\\", "", "a",
        "'a'",
    ])
    func `Broken strings are failures`(json: String) {
        #expect(throws: JSONFailure.self) { try read(json) { (reader) throws(JSONFailure) in try reader.string() } }
    }

    @Test(arguments: [
        "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "[", "{", "[1", "{\"a\":", "01", "1.", "-", "1e", "tru",
        "nul", "1 2",
        "[]]", "\u{FEFF}\u{FEFF}1",
    ])
    func `Broken values are failures`(json: String) {
        #expect(throws: JSONFailure.self) { try read(json) { (reader) throws(JSONFailure) in try reader.skip() } }
    }

    @Test(arguments: [
        "1", "-0.5e+10", "[]", "{}", " [ 1 , {\"a\" : [ null , true , false ] } ] ", "\u{FEFF}{}", "\"x\"",
    ])
    func `Any correct value can be skipped`(json: String) throws {
        try read(json) { (reader) throws(JSONFailure) in try reader.skip() }
    }

    @Test func `A failure names its field and its byte`() throws {
        let failure = #expect(throws: JSONFailure.self) {
            try read(#"{"a":{"b":[1,"x"]}}"#) { (reader) throws(JSONFailure) in
                try reader.object { (reader, _) throws(JSONFailure) in
                    try reader.object { (reader, _) throws(JSONFailure) in
                        try reader.array { (reader, _) throws(JSONFailure) in _ = try reader.integer() }
                    }
                }
            }
        }
        #expect(failure?.description == #""a.b[1]": expected a number, found a string at byte 13"#)
    }

    @Test(arguments: ["1.5", "99999999999999999999", "1e3"]) func `Only whole numbers are integers`(json: String) {
        #expect(throws: JSONFailure.self) { try read(json) { (reader) throws(JSONFailure) in try reader.integer() } }
    }

    @Test func `Deep nesting is refused before it can exhaust the stack`() {
        let json = String(repeating: "[", count: 100_000)
        #expect(throws: JSONFailure.self) { try read(json) { (reader) throws(JSONFailure) in try reader.skip() } }
    }

    @Test func `Bytes that are not UTF-8 are refused`() {
        #expect(throws: JSONFailure.self) { try JSONReader([0x22, 0xFF, 0x22]) }
    }

    @Test func `What is written can be read by Foundation and by the reader`() throws {
        let text = "a\"\\\n\r\t\u{1}\u{1F}\u{7F}é字😀/"
        var output: [UInt8] = []
        JSONText.append(quoting: text, to: &output)
        #expect(try JSONDecoder().decode(String.self, from: Data(output)) == text)
        var reader = try JSONReader(output)
        #expect(try reader.string() == text)
        var numbers: [UInt8] = []
        JSONText.append([0, -1, 10, .max, .min], to: &numbers)
        #expect(String(decoding: numbers, as: UTF8.self) == "[0,-1,10,2147483647,-2147483648]")
    }
}
