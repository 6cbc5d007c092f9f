import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite struct JSONReaderTests {
    private func read<T>(_ text: String, _ body: (inout JSONReader) throws(JSONFailure) -> T) throws(JSONFailure) -> T {
        try JSONReader.read(Array(text.utf8), body)
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
        #expect(failure?.description == #""a.b[1]": expected a whole number, found a string at byte 13"#)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("2.0", 2), ("1e3", 1000), ("25e-1", nil), ("250E-1", 25), ("1.5", nil),
            ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
            ("9007199254740992.0", 9_007_199_254_740_992), ("9007199254740993.0", 9_007_199_254_740_993),
            ("9223372036854775807.0", .max),
            ("922337203685477580.8e1", nil), ("2.0000000000000000000001", nil), ("-0.0e999999999999999999999", 0),
            ("-1.20e1", -12), ("1e30", nil), ("\"2\"", nil),
            ("true", nil), ("null", nil),
        ] as [(String, Int?)]
    )
    func `Whole numbers are whole however they are written`(json: String, value: Int?) {
        #expect((try? read(json) { (reader) throws(JSONFailure) in try reader.integer() }) == value)
    }

    @Test func `Other numbers are rounded once`() throws {
        #expect(try read("18446744073709551615") { (reader) throws(JSONFailure) in try reader.unsigned() } == .max)
        #expect((try? read("-1") { (reader) throws(JSONFailure) in try reader.unsigned() }) == nil)
        // Between two floats; by way of a double it would be rounded to the even one below.
        let text = "1.00000005960464477539062500000001"
        #expect(try read(text) { (reader) throws(JSONFailure) in try reader.float() } == Float(1).nextUp)
        #expect(try read("0.1") { (reader) throws(JSONFailure) in try reader.double() } == 0.1)
        #expect((try? read("1e999") { (reader) throws(JSONFailure) in try reader.double() }) == nil)
        #expect((try? read("1e39") { (reader) throws(JSONFailure) in try reader.float() }) == nil)
    }

    @Test(arguments: ["1.5", "99999999999999999999"]) func `Only whole numbers are integers`(json: String) {
        #expect(throws: JSONFailure.self) { try read(json) { (reader) throws(JSONFailure) in try reader.integer() } }
    }

    @Test func `Deep nesting is refused before it can exhaust the stack`() {
        let json = String(repeating: "[", count: 100_000)
        #expect(throws: JSONFailure.self) { try read(json) { (reader) throws(JSONFailure) in try reader.skip() } }
    }

    @Test func `Bytes that are not UTF-8 are refused`() {
        for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xFF, 0x5C, 0x6E, 0x22], [0xFF]] as [[UInt8]] {
            #expect(throws: JSONFailure.self) {
                try JSONReader.read(bytes) { (reader) throws(JSONFailure) in try reader.skip() }
            }
        }
    }

    @Test func `A string's bytes are lent as they are, with or without escapes`() throws {
        for (json, text) in [(#""""#, ""), (#""abc""#, "abc"), (#""a\/b\n""#, "a/b\n")] {
            let bytes = try read(json) { (reader) throws(JSONFailure) in try reader.string { Array($0) } }
            #expect(bytes == Array(text.utf8))
        }
        #expect(throws: JSONFailure.self) {
            try read("\"abc") { (reader) throws(JSONFailure) in try reader.string { $0.count } }
        }
    }

    @Test func `What is written can be read by Foundation and by the reader`() throws {
        let text = "a\"\\\n\r\t\u{1}\u{1F}\u{7F}é字😀/"
        var output: [UInt8] = []
        JSONText.append(quoting: text, to: &output)
        #expect(try JSONDecoder().decode(String.self, from: Data(output)) == text)
        let read = try JSONReader.read(output) { (reader) throws(JSONFailure) in try reader.string() }
        #expect(read == text)
        var numbers: [UInt8] = []
        JSONText.append([0, -1, 10, .max, .min], to: &numbers)
        #expect(String(decoding: numbers, as: UTF8.self) == "[0,-1,10,2147483647,-2147483648]")
    }
}
