import Diagnostics
import Requests
import WireProtocol

/// A line on the terminal that says what is being waited for; nothing where standard error is no terminal.
struct StatusLine {
    private let isTerminal = StandardError.isTerminal
    private var isShown = false

    mutating func show(_ progress: RequestProgress) {
        guard isTerminal else { return }
        let what =
            switch progress.stage {
            case "queue": "in line, \(max(progress.total - 1, 0)) ahead"
            case "vision": "looking at the picture, tile \(progress.done) of \(progress.total)"
            case "prefill": "reading, \(progress.done) of \(progress.total) tokens"
            default: "\(progress.done) tokens"
            }
        isShown = true
        // The note is the server's.
        let note = progress.note.map { ": " + TerminalText.harmlessLine($0) } ?? ""
        Self.write("\r\u{1B}[K\u{1B}[2m\(what)\(note)\u{1B}[0m")
    }

    /// Takes the line off the screen.
    mutating func clear() {
        if isShown { Self.write("\r\u{1B}[K") }
        isShown = false
    }

    private static func write(_ text: String) { StandardError.write(text) }
}
