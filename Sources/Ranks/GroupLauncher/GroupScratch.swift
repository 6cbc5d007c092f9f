import Diagnostics
import Foundation
import GroupLink

/// A private directory of this process for its group: what Open MPI keeps while it runs, and lists of hosts.
///
/// A killed rank leaves its shared memory (4 MiB and more) in `/dev/shm`, a killed `mpirun` its session's directory in
/// `/tmp`. Both go here, and are removed with the group; what a killed process in front left, the next one removes. Over several
/// hosts each rank has one for its shared memory.
package struct GroupScratch: Sendable, Equatable {
    package let path: String

    /// `nil` where `parent` cannot be written to.
    package init?(parent: String) {
        let prefix = Self.prefix
        Self.removeStale(in: parent)
        // Nobody can guess the name, or read what is in it.
        var template = Array("\(parent)/\(prefix)\(Machine.pid)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Writes a file that this user alone can read, and returns its path.
    ///
    /// - Throws: ``LaunchError`` that names it.
    func write(_ text: String, to name: String) throws(LaunchError) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LaunchError("\(file) cannot be written: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        do throws(WriteError) {
            try DescriptorWriter(descriptor).write(Array(text.utf8), patience: nil)
        } catch {
            throw LaunchError("\(file) cannot be written: \(String(cString: strerror(error.code)))")
        }
        return file
    }

    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Where files of a short life go: `TMPDIR`, or `/tmp`.
    static func temporaryDirectory(_ environment: [String: String]) -> String { environment["TMPDIR"] ?? "/tmp" }

    /// Bytes that can be written to a directory; `nil` if it cannot be asked.
    ///
    /// A file system without a limit has no end.
    static func freeBytes(_ path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return status.f_blocks == 0 ? .max : Int(clamping: status.f_bavail &* UInt(status.f_frsize))
    }

    /// Names the PID namespace, in which alone a pid can be looked up.
    private static var prefix: String {
        let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return "flotilla-\(namespace.filter(\.isNumber))-"
    }

    /// Removes what processes left that are no more.
    static func removeStale(in parent: String) {
        let prefix = prefix
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            guard let pid = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }) else {
                continue
            }
            if isGone(pid) { try? FileManager.default.removeItem(atPath: "\(parent)/\(name)") }
        }
    }

    /// Whether nobody runs under that number, though a parent may still have to hear of the end.
    private static func isGone(_ pid: pid_t) -> Bool {
        // Signal 0 only asks. Who may not ask (EPERM) gets an answer too: there is such a process.
        if kill(pid, 0) != 0 { return errno == ESRCH }
        let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        // Behind the name, which may have parentheses of its own.
        return status.split(separator: ")").last?.hasPrefix(" Z") ?? false
    }
}
