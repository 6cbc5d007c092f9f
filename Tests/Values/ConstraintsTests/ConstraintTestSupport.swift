import Foundation
import TestSupport
import Tokenization

@testable import Constraints

extension AnswerFormat {
    /// Whether a whole text is of the format.
    func accepts(_ text: String) throws -> Bool {
        let (arena, root) = try compiled()
        let automaton = ByteAutomaton(arena, root)
        let state = automaton.next(automaton.start, Array(text.utf8))
        return state >= 0 && automaton.isWhole(state)
    }

    /// Why the format is refused; empty if it is not.
    var refusal: String {
        do throws(FormatRefusal) { try check() } catch { return error.description }
        return ""
    }
}

/// Vocabularies of bytes, and of the checkpoints that tests have.
enum TestVocabulary {
    static let end: Int32 = 0

    /// The end, all bytes, and some words.
    static func make(_ words: [String] = []) -> TokenVocabulary {
        let tokens = [[]] + (0...255).map { [UInt8($0)] } + words.map { Array($0.utf8) }
        return TokenVocabulary(size: tokens.count, ends: [end]) { tokens[Int($0)] }
    }

    static func load(_ directory: URL, size: Int) throws -> TokenVocabulary {
        let tokenizer = try Tokenizer(directory: directory)
        return TokenVocabulary(size: size, ends: tokenizer.control.ends) { tokenizer.textBytes(of: $0) }
    }
}

extension ConstraintState {
    /// What the mask must be, token by token.
    func naiveMask(_ vocabulary: TokenVocabulary) -> TokenMask {
        var mask = TokenMask(vocabulary: vocabulary.size)
        for token in 0..<Int32(vocabulary.size) where allows(token) { mask.insert(token) }
        return mask
    }
}
