import Testing

@testable import Tokenization

@Suite struct AddedTokenMatcherTests {
    private static let matcher = AddedTokenMatcher(
        ["<a>", "<a>b", "b", "<<"].enumerated().map {
            AddedToken(content: $1, id: Int32($0), isSpecial: true, isNormalized: false)
        }
    )

    private func parts(_ text: String) -> [String] {
        var parts: [String] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            Self.matcher.forEachPart(of: bytes) { part in
                switch part {
                case .text(let range): parts.append(String(decoding: bytes[range], as: UTF8.self))
                case .token(let id): parts.append("#\(id)")
                }
            }
        }
        return parts
    }

    @Test(arguments: [
        ("", []), ("xyz", ["xyz"]), ("<a>", ["#0"]), ("x<a>bc", ["x", "#1", "c"]), ("<<a>", ["#3", "a>"]),
        ("<a", ["<a"]), ("bb<", ["#2", "#2", "<"]),
    ])
    func `The leftmost and longest token is taken`(text: String, expected: [String]) {
        #expect(parts(text) == expected)
    }
}
