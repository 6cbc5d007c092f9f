import Diagnostics
import Foundation

/// A checkpoint's directory that is being written.
///
/// It is written beside its place, and renamed when the disk has all of it: whenever the machine stops, the place holds the
/// earlier checkpoint or the new one, whole.
struct OutputDirectory {
    let url: URL

    /// - Parameter replacing: whether an earlier checkpoint may be replaced; nothing else ever is.
    init(_ url: URL, replacing: Bool) throws(UsageError) {
        // Of a link, the place that it names.
        self.url = url.standardizedFileURL.resolvingSymlinksInPath()
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
            try OutputFile.synchronize(directory: partial)
            try DirectoryExchange.put(partial, at: url)
            // Where it was put there may now be the earlier checkpoint.
            try? manager.removeItem(at: partial)
        } catch {
            try? manager.removeItem(at: partial)
            if let error = error as? any OperatorError { throw error }
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
            let isSystem = cause.domain == NSPOSIXErrorDomain
            throw OutputFile.failure(url.path, isSystem ? Int32(cause.code) : nil, error.localizedDescription)
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
            throw UsageError(
                "\(url.path) cannot be written: the checkpoint needs \(needed) bytes, its disk has \(free) free",
                hint: OutputFile.fullDiskHint
            )
        }
    }
}
