import Diagnostics
import Foundation
import Testing
import Tokenization

@testable import Commands

@Suite struct ChatMessagesTests {
    @Test func `Strings and parts are read, and unknown members are ignored`() throws {
        let json = #"""
            [{"role":"system","content":"s","name":1},
             {"content":[{"type":"image","image":"a b.png"},{"text":"t","type":"text","x":[{}]}],"role":"user"},
             {"role":"assistant","content":[]}]
            """#
        let messages = try ChatMessages.parse(json: Data(json.utf8))
        #expect(
            messages == [
                ChatMessage(role: .system, text: "s"),
                ChatMessage(role: .user, parts: [.image("a b.png"), .text("t")]),
                ChatMessage(role: .assistant, parts: []),
            ]
        )
        #expect(messages.images == ["a b.png"])
    }

    @Test(arguments: [
        ("[]", "empty array"), ("{}", "an array"), ("", "an array"), ("[1]", "an object"),
        (#"[{"role":"robot","content":"x"}]"#, #""robot""#),
        (#"[{"content":"x"}]"#, #"messages[0] is an object without "role""#),
        (#"[{"role":"user"}]"#, #""content""#), (#"[{"role":"user","content":null}]"#, "null"),
        (#"[{"role":"user","content":[{"type":"image","blob":0}]}]"#, "messages[0].content[0].blob"),
        (#"[{"role":"user","content":[{"type":"image"}]}]"#, "one of image, path and data"),
        (#"[{"role":"user","content":[{"type":"image","image":""}]}]"#, "content[0].image is no name"),
        (#"[{"role":"user","content":[{"type":"text"}]}]"#, #""text""#),
        (#"[{"role":"user","content":[{"type":"audio"}]}]"#, #""audio""#),
        (#"[{"role":"user","content":[{"text":"x"}]}]"#, #""type""#),
        (#"[{"role":"user","content":"x"}] y"#, "the end"),
    ])
    func `What cannot be understood is named`(json: String, says: String) {
        let error = #expect(throws: UsageError.self) { try ChatMessages.parse(json: Data(json.utf8)) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        #expect(error?.exitCode == .usage)
    }

    @Test func `The place of a wrong role is named`() {
        let json = #"[{"role":"user","content":"x"},{"role":"robot","content":"x"}]"#
        let error = #expect(throws: UsageError.self) { try ChatMessages.parse(json: Data(json.utf8)) }
        #expect(error?.description.contains("messages[1].role") == true)
    }
}
