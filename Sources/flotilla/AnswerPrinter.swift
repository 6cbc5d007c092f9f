import Foundation
import Frontend
import Tokenization

/// Prints an answer as it comes; reasoning is dimmed on a terminal, and set apart by an empty line elsewhere.
struct AnswerPrinter {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var part: ThinkSplitter.Part?

    mutating func show(_ piece: ThinkSplitter.Piece) {
        if piece.part != part { change(to: piece.part) }
        Self.write(piece.text)
    }

    /// Ends the text, and says on standard error what it took.
    mutating func end(_ answer: Answer) {
        if isTerminal, part == .thinking { Self.write("\u{1B}[0m") }
        Self.write("\n")
        let timing = answer.timing
        let line = String(
            format: "%d prompt tokens, %d tokens; first token after %.0f ms, then %.1f tokens/s (%@)\n",
            answer.prompt_tokens, answer.tokens.count, timing.ttft_ms, timing.tokens_per_second, answer.finish
        )
        FileHandle.standardError.write(Data(line.utf8))
    }

    private mutating func change(to next: ThinkSplitter.Part) {
        if isTerminal { Self.write(next == .thinking ? "\u{1B}[2m" : "\u{1B}[0m") }
        if part != nil { Self.write("\n\n") }
        part = next
    }

    private static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
