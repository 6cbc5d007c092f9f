import Foundation

/// What the kernel says about who listens.
enum ListeningSockets {
    /// The sockets by which a process listens on every address of the machine, as the kernel writes them.
    static func open(of pid: Int32) throws -> [String] {
        let links = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        let own = Set(
            links.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)") }
        )
        return try ["tcp", "tcp6"].flatMap { table in
            try String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8).split(separator: "\n").compactMap {
                line in
                let words = line.split(separator: " ")
                guard words.count > 9, words[3] == "0A", own.contains("socket:[\(words[9])]"),
                    let address = words[1].split(separator: ":").first, address.allSatisfy({ $0 == "0" })
                else { return nil }
                return "\(table) \(words[1])"
            }
        }
    }
}
