import Diagnostics
import Foundation
import Synchronization

/// Says on standard error, about once a second, how far a long write has come.
final class WriteProgress: Sendable {
    private let command: String
    private let totalBytes: Int
    private let start = ContinuousClock.now
    private let last = Mutex(ContinuousClock.now)

    /// - Parameter command: whose line it is.
    init(_ command: String, totalBytes: Int) { (self.command, self.totalBytes) = (command, totalBytes) }

    func report(_ bytes: Int) {
        let due = last.withLock { last in
            guard last.duration(to: .now) >= .seconds(1) else { return false }
            last = .now
            return true
        }
        if due { say("\(bytes / 1_000_000) of \(totalBytes / 1_000_000) MB, \(rate(bytes)) MB/s") }
    }

    func finish(_ path: String) {
        say("\(path): \(totalBytes / 1_000_000) MB on disk, \(rate(totalBytes)) MB/s")
    }

    private func rate(_ bytes: Int) -> Int {
        Int(Double(bytes) / 1e6 / max(start.duration(to: .now) / .seconds(1), 1e-3))
    }

    private func say(_ text: String) { StandardError.say("\(command): \(text)\n") }
}
