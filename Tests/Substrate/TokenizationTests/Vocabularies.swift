import Foundation
import TestSupport
import Tokenization

/// The tokenizers that many tests share, loaded once.
enum Vocabularies {
    static let mini = Result { try Tokenizer(directory: Fixtures.url("mini-bf16")) }
    static let published = Result { try Fixtures.modelCard("SAIL-VL2-2B").map { try Tokenizer(directory: $0) } }
}

/// Reads a fixture of one JSON object a line.
func lines<Case: Decodable>(of path: String, as type: Case.Type = Case.self) throws -> [Case] {
    try Data(contentsOf: Fixtures.url(path)).split(separator: UInt8(ascii: "\n"))
        .map { try JSONDecoder().decode(Case.self, from: $0) }
}

/// Bytes, because two strings that are canonically equivalent are `==`.
func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }
