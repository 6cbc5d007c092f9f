import Diagnostics
import Foundation

/// Shows how far loading is: a bar on a terminal, a few lines otherwise.
struct LoadProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastPercent = -1

    /// - Parameter total: parts in all, 0 while it is not known.
    mutating func show(done: Int, total: Int) {
        guard total > 0 else { return }
        let percent = 100 * done / total
        // On a terminal every percent; in a log every quarter.
        guard isTerminal ? percent != lastPercent : percent / 25 != lastPercent / 25 || lastPercent < 0 else { return }
        lastPercent = percent
        if isTerminal {
            let filled = percent * 30 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            Self.write("\rloading \(bar) \(percent) %")
        } else {
            Self.write("loading \(percent) %\n")
        }
    }

    /// Takes the bar off the screen.
    func end() {
        if isTerminal { Self.write("\r\u{1B}[K") }
    }

    private static func write(_ text: String) { StandardError.write(text) }
}
