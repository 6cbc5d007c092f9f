import Testing

@testable import Tokenization

@Suite struct WordSplitterTests {
    private func words(_ text: String) -> [String] {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            var splitter = WordSplitter(bytes)
            var words: [String] = []
            while let range = splitter.next() { words.append(String(decoding: bytes[range], as: UTF8.self)) }
            return words
        }
    }

    @Test(arguments: [
        ("", []),
        ("Hello, world!", ["Hello", ",", " world", "!"]),
        ("it's 'LL 'ſa 'x '", ["it", "'s", " '", "LL", " '", "ſa", " '", "x", " '"]),
        ("I'LL'Re''s", ["I", "'LL", "'Re", "''", "s"]),
        ("a'ſ", ["a", "'ſ"]),
        ("abc123", ["abc", "1", "2", "3"]),
        ("!!abc (x", ["!!", "abc", " (", "x"]),
        ("\tx\u{A0}y", ["\tx", "\u{A0}y"]),
        ("a   b", ["a", "  ", " b"]),
        ("a   ", ["a", "   "]),
        ("a \n\n  b", ["a", " \n\n", " ", " b"]),
        ("\n \r\n\t x", ["\n \r\n", "\t", " x"]),
        ("...\n\n x", ["...\n\n", " x"]),
        (" \t!", [" ", "\t", "!"]),
        ("a\r\nb", ["a", "\r\n", "b"]),
        ("e\u{301}x", ["e", "\u{301}x"]),
        ("中国。北京", ["中国", "。北京"]),
    ])
    func `Words end where the split pattern ends them`(text: String, expected: [String]) {
        #expect(words(text).map { Array($0.unicodeScalars) } == expected.map { Array($0.unicodeScalars) })
    }
}
