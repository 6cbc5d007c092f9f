internal import Foundation
package import Logging

/// Writes the log as JSON, one object a line.
package struct JSONLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let writer: LogWriter

    package init(writer: LogWriter) { self.writer = writer }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let words = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).mapValues { "\($0)" }
        if let line = Self.line(event.level, "\(event.message)", words) { writer.write(line) }
    }

    /// What is said when lines were dropped.
    package static func dropNote(_ count: Int) -> String {
        line(.warning, "lines of the log were dropped", ["lines": "\(count)"]) ?? ""
    }

    private static func line(_ level: Logger.Level, _ message: String, _ words: [String: String]) -> String? {
        var object = words
        object["time"] = Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true))
        object["level"] = level.rawValue
        object["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) }
    }
}
