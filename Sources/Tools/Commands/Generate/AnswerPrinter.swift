import Diagnostics
import Foundation
import Frontend
import Requests
import Tokenization
import WireProtocol

/// Prints an answer as it comes; reasoning is dimmed on a terminal, and set apart by an empty line elsewhere.
struct AnswerPrinter {
    private let isTerminal = StandardOutput.isTerminal
    private var part: ThinkSplitter.Part?

    mutating func show(_ new: ThinkSplitter.Part, _ text: String) {
        guard !text.isEmpty else { return }
        if new != part { change(to: new) }
        // What a model says may be escape sequences.
        StandardOutput.say(text)
    }

    /// Ends the text, and says on standard error what it took.
    mutating func end(_ end: End) {
        let (usage, timing) = (end.usage, end.timing)
        self.end(usage.prompt, usage.generated, timing.ttftMilliseconds, timing.tokensPerSecond, end.finish)
        if let receipt = end.receipt { Self.write(receipt.json + "\n") }
    }

    private mutating func end(_ prompt: Int, _ tokens: Int, _ first: Double, _ rate: Double, _ finish: String) {
        if isTerminal, part == .thinking { Self.write("\u{1B}[0m") }
        Self.write("\n")
        let line = String(
            format: "%d prompt tokens, %d tokens; first token after %.0f ms, then %.1f tokens/s (%@)\n",
            prompt,
            tokens,
            first,
            rate,
            finish
        )
        StandardError.say(line)
    }

    private mutating func change(to next: ThinkSplitter.Part) {
        if isTerminal { Self.write(next == .thinking ? "\u{1B}[2m" : "\u{1B}[0m") }
        if part != nil { Self.write("\n\n") }
        part = next
    }

    private static func write(_ text: String) { StandardOutput.write(text) }
}
