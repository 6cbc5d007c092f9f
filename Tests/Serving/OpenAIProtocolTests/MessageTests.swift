import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

@testable import OpenAIProtocol

/// Conversations as OpenAI's clients write them.
struct MessageTests {
    static func messages(_ json: String, _ rules: ChatRules = Samples.rules) throws -> [WireMessage] {
        try #require(try ChatRequest(json: Array("{\"messages\":\(json)}".utf8), rules).generate.messages)
    }

    static func error(_ json: String) -> APIError? { Samples.error(json: "{\"messages\":\(json)}") }

    /// One picture beside a text.
    static func picture(_ url: String, _ rules: ChatRules = Samples.rules) throws -> ImageReference {
        let part = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"\(url)\"}}"
        let parts = try messages("[{\"role\":\"user\",\"content\":[\(part)]}]", rules)[0].parts
        guard case .image(let reference, _) = parts[0] else { throw APIError.draining }
        return reference
    }

    static func pictureError(_ url: String) -> APIError? {
        do {
            _ = try picture(url)
            return nil
        } catch {
            return error as? APIError
        }
    }

    @Test("All that the system says is one message, in front, an empty line between")
    func system() throws {
        let found = try Self.messages(
            """
            [{"role":"system","content":"a"},{"role":"user","content":"u"},
             {"role":"developer","content":[{"type":"text","text":"b"}]},{"role":"assistant","content":null}]
            """
        )
        #expect(
            found == [
                WireMessage(role: "system", parts: [.text("a\n\nb")]), WireMessage(role: "user", parts: [.text("u")]),
                WireMessage(role: "assistant", parts: [.text("")]),
            ]
        )
    }

    @Test("What other servers and clients add to messages does not matter")
    func extras() throws {
        let found = try Self.messages(
            """
            [{"role":"assistant","content":"x","name":"n","refusal":null,"reasoning_content":"r","reasoning":"r",
              "tool_calls":[],"function_call":null,"audio":null},
             {"role":"user","content":[{"type":"input_text","text":"y","extra":1},"z"]}]
            """
        )
        #expect(found[0].parts == [.text("x")] && found[1].parts == [.text("y"), .text("z")])
    }

    @Test(
        "What the model cannot read is refused, by its place",
        arguments: [
            (#"[{"role":"tool","content":"x"}]"#, "unsupported", "messages[0].role"),
            (#"[{"role":"function","content":"x"}]"#, "unsupported", "messages[0].role"),
            (
                #"[{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]"#, "unsupported",
                "messages[0].tool_calls"
            ),
            (
                #"[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]"#, "unsupported",
                "messages[0].content[0]"
            ),
            (#"[{"role":"user","content":[{"type":"file","file":{}}]}]"#, "unsupported", "messages[0].content[0]"),
            (
                #"[{"role":"user","content":[{"type":"video_url","video_url":{}}]}]"#, "unsupported",
                "messages[0].content[0]"
            ),
            (#"[{"role":"boss","content":"x"}]"#, "invalid_value", "messages[0].role"),
            (#"[{"role":"user"}]"#, "invalid_value", "messages[0]"),
            (#"[{"content":"x"}]"#, "invalid_value", "messages[0]"),
            (#"[{"role":"user","content":[{"text":"x"}]}]"#, "invalid_value", "messages[0].content[0]"),
            (#"[{"role":"user","content":[{"type":"image_url"}]}]"#, "invalid_value", "messages[0].content[0]"),
            (#"[{"role":"user","content":5}]"#, "invalid_value", "messages[0].content"),
        ]
    )
    func refused(json: String, code: String, param: String) {
        let error = Self.error(json)
        #expect(error?.status == 400 && error?.code == code && error?.param == param, "\(error as Any)")
    }

    @Test("A data: URL is taken by its bytes, in every way in which clients write base64")
    func dataURLs() throws {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xFF, 0x01]
        for url in [
            "data:image/png;base64,++//AQ==", "data:;base64,--__AQ", "data:image/jpeg;charset=x;base64,++//AQ",
            "DATA:text/plain;BASE64, ++//\\nAQ==", " data:image/png;base64,+ + / / A Q = = ",
            "data:image\\/png;base64,++\\/\\/AQ==",
        ] { #expect(try Self.picture(url) == .data(bytes), "\(url)") }
    }

    @Test("Random bytes come back from strict, lenient and broken-up base64")
    func base64() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var text = Data(bytes).base64EncodedString()
            if Bool.random(using: &random) { text.removeAll { $0 == "=" } }
            if Bool.random(using: &random) { text = text.replacing("+", with: "-").replacing("/", with: "_") }
            #expect(try Self.picture("data:image/png;base64,\(text)") == .data(bytes))
        }
    }

    @Test(
        "Everything else is no picture, and nothing is fetched",
        arguments: [
            ("data:image/png,abcd", "invalid_image"), ("data:image/png;base64,", "invalid_image"),
            ("data:image/png;base64,A", "invalid_image"), ("data:image/png;base64,AA==A", "invalid_image"),
            ("data:image/png;base64,A%3D", "invalid_image"), ("data:", "unsupported_url"), ("data", "unsupported_url"),
            ("http://127.0.0.1/x.png", "unsupported_url"), ("https://example.org/x.png", "unsupported_url"),
            ("ftp://x", "unsupported_url"), ("file:x.png", "unsupported_url"), ("", "unsupported_url"),
            ("sha256:xyz", "invalid_image"), ("javascript:1", "unsupported_url"),
        ]
    )
    func notPictures(url: String, code: String) {
        let error = Self.pictureError(url)
        #expect(error?.status == 400 && error?.code == code, "\(url): \(error as Any)")
        #expect(error?.param == "messages[0].content[0].image_url.url")
    }

    @Test("Pictures by digest, by path where that is allowed, and how large they may be")
    func otherReferences() throws {
        let digest = String(repeating: "aB", count: 32)
        #expect(try Self.picture("sha256:\(digest)") == .sha256(digest.lowercased()))
        var rules = Samples.rules
        rules.allowsPaths = true
        #expect(try Self.picture("file:cats/1.png", rules) == .path("cats/1.png"))
        let big = Data(repeating: 1, count: 1001).base64EncodedString()
        #expect(Self.pictureError("data:image/png;base64,\(big)")?.code == "request_too_large")
        #expect(Self.pictureError("data:image/png;base64,\(big)")?.status == 413)
    }

    @Test("The largest number of tiles that is asked for anywhere counts")
    func tiles() throws {
        let part = { (tiles: Int) in
            #"{"type":"image_url","image_url":{"url":"data:;base64,AA==","max_dynamic_patch":\#(tiles),"detail":"low"}}"#
        }
        let list = "[{\"role\":\"user\",\"content\":[\(part(4)),\(part(12))]}]"
        for json in ["{\"max_tiles\":6,\"messages\":\(list)}", "{\"messages\":\(list),\"max_tiles\":6}"] {
            let request = try ChatRequest(json: Array(json.utf8), Samples.rules)
            #expect(request.generate.options.maxTiles == 12)
        }
    }
}
