package import Foundation

/// Where tests find what they compare with.
package enum Fixtures {
    /// The repository's root, from this file's place in it.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `Tests/Fixtures/<path>`.
    package static func url(_ path: String) -> URL {
        root.appendingPathComponent("Tests/Fixtures").appendingPathComponent(path)
    }

    /// A file of the published model card, which may not be copied into the repository; `nil` (said aloud) when absent.
    package static func modelCard(_ path: String) -> URL? {
        let url = root.appendingPathComponent("../shared/model-card").appendingPathComponent(path).standardizedFileURL
        if FileManager.default.fileExists(atPath: url.path) { return url }
        print(
            "SKIPPED: ../shared/model-card/\(path) is not there, so the tests against the published files did not run"
        )
        return nil
    }

    /// A fresh temporary directory, removed by `body`'s end.
    package static func withTemporaryDirectory<T>(_ body: (URL) throws -> T) throws -> T {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url)
    }
}
