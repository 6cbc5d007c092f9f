import Diagnostics
import Foundation

/// A checkpoint's directory that is being written.
///
/// It is written beside its place and renamed when it is whole, so that an interrupted one is never taken for a
/// checkpoint.
struct OutputDirectory {
    let url: URL

    /// - Parameter replacing: whether an earlier checkpoint may be replaced; nothing else ever is.
    init(_ url: URL, replacing: Bool) throws(UsageError) {
        self.url = url.standardizedFileURL
        try requireReplaceable(replacing)
    }

    /// Calls `body` with the directory to fill, and puts it in its place.
    ///
    /// - Parameter bytes: of the weights that `body` is going to write.
    func fill(bytes: Int, _ body: (URL) throws -> Void) throws {
        let manager = FileManager.default
        let partial = url.deletingLastPathComponent().appendingPathComponent(url.lastPathComponent + ".partial")
        do {
            if manager.fileExists(atPath: partial.path) { try manager.removeItem(at: partial) }
            try manager.createDirectory(at: partial, withIntermediateDirectories: true)
            try requireSpace(bytes, in: partial)
            try body(partial)
            if manager.fileExists(atPath: url.path) { try manager.removeItem(at: url) }
            try manager.moveItem(at: partial, to: url)
        } catch {
            try? manager.removeItem(at: partial)
            if let error = error as? any OperatorError { throw error }
            throw UsageError("\(url.path) cannot be written: \(error.localizedDescription)")
        }
    }

    private func requireReplaceable(_ replacing: Bool) throws(UsageError) {
        let manager = FileManager.default
        guard manager.fileExists(atPath: url.path) else { return }
        guard let contents = try? manager.contentsOfDirectory(atPath: url.path) else {
            throw UsageError("\(url.path) is not a directory")
        }
        guard !contents.isEmpty else { return }
        guard replacing else {
            throw UsageError("\(url.path) is not empty", hint: "give another directory, or --force to replace it")
        }
        guard contents.contains("config.json") else {
            throw UsageError("\(url.path) is not empty and holds no checkpoint", hint: "give another directory")
        }
    }

    private func requireSpace(_ bytes: Int, in directory: URL) throws(UsageError) {
        var status = statvfs()
        guard statvfs(directory.path, &status) == 0 else { return }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        // The other files of a checkpoint need some megabytes more.
        let needed = UInt64(bytes) + 16 << 20
        guard free >= needed else {
            throw UsageError("the checkpoint needs \(needed) bytes, the disk of \(directory.path) has \(free) free")
        }
    }
}
