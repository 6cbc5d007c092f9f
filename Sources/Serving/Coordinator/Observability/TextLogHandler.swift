internal import Diagnostics
internal import Foundation
package import Logging

/// Writes the log as text for people, a line an event, as swift-log's own handler does.
package struct TextLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let writer: LogWriter
    private let isTerminal = StandardError.isTerminal

    package init(label: String, writer: LogWriter) {
        self.label = label
        self.writer = writer
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        let words = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let line = "\(LogTime.text()) \(event.level) \(label):\(words) [\(event.source)] \(event.message)"
        writer.write(isTerminal ? TerminalText.harmless(line) : line)
    }

    /// What is said when lines were dropped.
    package static func dropNote(label: String) -> @Sendable (Int) -> String {
        { "\(LogTime.text()) warning \(label): lines=\($0) [Coordinator] lines of the log were dropped" }
    }
}

/// The time as swift-log writes it: local, to the second, with the zone.
enum LogTime {
    static func text() -> String {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let length = strftime(start, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &local)
            return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
        }
    }
}
