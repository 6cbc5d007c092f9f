import Foundation
import GroupLink

/// A directory in memory for what Open MPI would leave behind when a group of one host does not end in order.
///
/// A killed rank leaves its shared memory (4 MiB and more) in `/dev/shm`, a killed `mpirun` its session's directory in
/// `/tmp`. Both go here, and are removed with the group; what a killed process in front left, the next one removes.
struct GroupScratch: Equatable {
    let path: String

    /// `nil` where `parent` cannot be written to: the group works all the same.
    init?(parent: String = "/dev/shm") {
        let prefix = Self.prefix
        Self.removeStale(in: parent, prefix: prefix)
        var template = Array("\(parent)/\(prefix)\(Machine.pid)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Names the PID namespace, in which alone a pid can be looked up.
    private static var prefix: String {
        let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return "flotilla-\(namespace.filter(\.isNumber))-"
    }

    private static func removeStale(in parent: String, prefix: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            guard let pid = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }) else {
                continue
            }
            // Signal 0 only asks. Who may not ask (EPERM) gets an answer too: there is such a process.
            if kill(pid, 0) != 0, errno == ESRCH { try? FileManager.default.removeItem(atPath: "\(parent)/\(name)") }
        }
    }
}
