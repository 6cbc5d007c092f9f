internal import Foundation

/// What other models, formats, numbers of ranks and builds left in a directory for pages.
package enum PageLeftovers {
    private struct Leftover {
        let path: String
        let bytes: Int
        let time: Int
    }

    /// Removes what is over a limit, the least recently used directory first, but nothing that a process uses.
    package static func tidy(_ parent: String, limit: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        let paths = names.filter { $0.hasPrefix(PageDirectory.prefix) }.map { "\(parent)/\($0)" }
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        var leftovers: [Leftover] = []
        for path in paths {
            guard PageDirectory.isOwn(path), let descriptor = try? PageDirectory.lock(path, patience: .zero) else {
                continue
            }
            held.append(descriptor)
            leftovers.append(measure(path))
        }
        var bytes = leftovers.reduce(0) { $0 + $1.bytes }
        for leftover in leftovers.sorted(by: { $0.time < $1.time }) where bytes > limit || leftover.bytes == 0 {
            remove(leftover.path)
            bytes -= leftover.bytes
        }
    }

    private static func measure(_ path: String) -> Leftover {
        var status = stat()
        let time = stat(path, &status) == 0 ? Int(status.st_mtim.tv_sec) : 0
        var bytes = 0
        for name in pages(path) {
            var file = stat()
            if lstat("\(path)/\(name)", &file) == 0 { bytes += Int(file.st_blocks) * 512 }
        }
        return Leftover(path: path, bytes: bytes, time: time)
    }

    private static func pages(_ path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(PageRecord.suffix) || $0.hasSuffix(PageRecord.unfinishedSuffix) }
    }

    /// Our files alone: with anything else in it the directory stays.
    private static func remove(_ path: String) {
        for name in pages(path) + [PageDirectory.lockName] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
