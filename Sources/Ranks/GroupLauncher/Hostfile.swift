import GroupLink

/// A hostfile of Open MPI: a host a line, with as many `slots` as ranks may run there; `#` begins a comment.
package struct Hostfile: Sendable, Equatable {
    package struct Host: Sendable, Equatable {
        /// Without a user.
        package let name: String
        /// `nil` if the line does not say: Open MPI then counts the host's cores.
        package let slots: Int?
        fileprivate let line: String

        /// Whether the name is this host's own.
        var isThisHost: Bool { ["localhost", "127.0.0.1", "::1", Machine.hostName].contains(name) }
    }

    package let hosts: [Host]

    package init(_ text: String) {
        hosts = text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard let name = words.first?.split(separator: "@").last else { return nil }
            let slots = words.dropFirst().compactMap { word in
                word.hasPrefix("slots=") ? Int(word.dropFirst("slots=".count)) : nil
            }
            return Host(name: String(name), slots: slots.first, line: String(line))
        }
    }

    /// Ranks that the hosts take together; `nil` if a line does not say.
    package var slots: Int? { hosts.reduce(0) { sum, host in sum.flatMap { sum in host.slots.map { sum + $0 } } } }

    /// The file without some hosts.
    package func without(_ names: Set<String>) -> Hostfile {
        Hostfile(hosts.filter { !names.contains($0.name) }.map(\.line).joined(separator: "\n"))
    }

    /// The file as Open MPI reads it.
    package var text: String { hosts.map { $0.line + "\n" }.joined() }
}
