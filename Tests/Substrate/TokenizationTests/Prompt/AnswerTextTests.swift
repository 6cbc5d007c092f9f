import Foundation
import TestSupport
import Testing

@testable import Tokenization

@Suite struct AnswerTextTests {
    private func answer(_ text: String) throws -> AnswerText {
        let tokenizer = try Vocabularies.mini.get()
        return AnswerText(tokenizer.encode(text, allowingControlTokens: true), tokenizer: tokenizer)
    }

    @Test(arguments: [
        ("plain answer<|im_end|>", "plain answer", "", "plain answer"),
        ("<think>\nwhy\n</think>\n\nso<|im_end|>", "<think>\nwhy\n</think>\n\nso", "why\n", "so"),
        ("<think>\n\n</think>\n\n\\boxed{1}", "<think>\n\n</think>\n\n\\boxed{1}", "", "\\boxed{1}"),
        ("<think>unfinished", "<think>unfinished", "unfinished", ""),
        ("before<think>a</think>after<|endoftext|>", "before<think>a</think>after", "a", "beforeafter"),
        ("", "", "", ""),
    ])
    func `Thinking and answer are divided by the tags`(
        ids: String,
        text: String,
        thinking: String,
        answer: String
    ) throws {
        let result = try self.answer(ids)
        #expect(result.text == text)
        #expect(result.thinking == thinking)
        #expect(result.answer == answer)
    }

    @Test func `Tags that are only written out divide nothing`() throws {
        let tokenizer = try Vocabularies.mini.get()
        let result = AnswerText(tokenizer.encode("<think>x</think>y"), tokenizer: tokenizer)
        #expect(result.answer == "<think>x</think>y")
        #expect(result.thinking.isEmpty)
    }

    @Test func `The streamed pieces are never empty and join to the whole`() throws {
        let tokenizer = try Vocabularies.mini.get()
        var random = SeededRandom(seed: 3)
        for _ in 0..<300 {
            let ids = (0..<20).map { _ -> Int32 in
                switch Int.random(in: 0..<8, using: &random) {
                case 0: tokenizer.control.think
                case 1: tokenizer.control.endThink
                default: Int32.random(in: 0..<400, using: &random)
                }
            }
            var splitter = ThinkSplitter(tokenizer)
            let pieces = ids.compactMap { splitter.append($0) } + [splitter.finish()].compactMap { $0 }
            #expect(pieces.allSatisfy { !$0.text.isEmpty })
            let whole = AnswerText(ids, tokenizer: tokenizer)
            #expect(pieces.filter { $0.part == .answer }.map(\.text).joined() == whole.answer)
            #expect(pieces.filter { $0.part == .thinking }.map(\.text).joined() == whole.thinking)
        }
    }

    @Test(
        arguments: [
            ("", nil), ("no box", nil), ("\\boxed{42}", "42"),
            ("\\boxed{1} then \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
            ("\\boxed{1} then \\boxed{2", nil), ("\\boxed{}", ""), ("\\boxed{\\{1,2\\}}", "\\{1,2\\}"),
            ("\\boxed {1}", nil),
            ("\\boxed{\\boxed{7}}", "7"), ("\\boxed{字}", "字"), ("\\boxed{a\\", nil),
        ] as [(String, String?)]
    )
    func `The last box is found with its nested braces`(text: String, content: String?) {
        #expect(AnswerText.boxed(in: text) == content)
    }
}
