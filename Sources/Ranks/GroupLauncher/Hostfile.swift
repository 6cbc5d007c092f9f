package import Diagnostics
import Foundation
import GroupLink

/// The hosts that a group may use, as a hostfile of Open MPI or a batch system names them.
///
/// `mpirun` never sees the operator's file but what ``text`` says of it: names and slots, one host a line.
package struct Hostfile: Sendable, Equatable {
    package struct Host: Sendable, Equatable {
        /// Without a user.
        package var name: String
        /// Who logs in there; `nil` is whoever the remote shell takes.
        package var user: String?
        /// Ranks that may run there; `nil` if the file does not say: Open MPI then counts the host's cores.
        package var slots: Int?
        /// The number of the line that names it first.
        package var line = 0
        /// Processors that a batch system has given the group there; `nil` where nobody says.
        package var processors: Int?

        package init(name: String, user: String? = nil, slots: Int? = nil) {
            (self.name, self.user, self.slots) = (name, user, slots)
        }

        /// Whether the name is this host's own.
        package var isThisHost: Bool { ["localhost", "127.0.0.1", "::1", Machine.hostName].contains(name) }

        /// Whether a host that calls itself `name` and was dialled from `address` is likely to be this one.
        package func isLikely(_ name: String, _ address: String) -> Bool {
            if HostName.isAddress(self.name) { return self.name == address }
            return self.name.split(separator: ".").first == name.split(separator: ".").first
        }

        /// What a remote shell is told to reach it.
        var target: String { user.map { "\($0)@\(name)" } ?? name }

        fileprivate var text: String { slots.map { "\(target) slots=\($0)" } ?? target }
    }

    package var hosts: [Host]

    package init(hosts: [Host]) { self.hosts = hosts }

    /// Bytes of a file at most.
    package static let byteLimit = 1 << 20

    /// Reads a file.
    ///
    /// - Throws: ``LaunchError`` if it cannot be read, `UsageError` as `init(_:name:)` does.
    package static func read(_ path: String) throws -> Hostfile {
        guard let file = FileHandle(forReadingAtPath: path),
            let bytes = try? file.read(upToCount: byteLimit + 1) ?? Data()
        else { throw LaunchError("the hostfile \(path) cannot be read") }
        guard bytes.count <= byteLimit else {
            throw UsageError("the hostfile \(path) has more than \(byteLimit >> 10) KiB", hint: HostfileReader.hint)
        }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw UsageError("the hostfile \(path) is not text in UTF-8", hint: HostfileReader.hint)
        }
        return try Hostfile(text, name: "the hostfile \(path)")
    }

    /// The hosts that are known by name: those of the file, or of a job of Slurm.
    ///
    /// - Throws: as ``read(_:)``, or `UsageError` that names a variable of Slurm's.
    package static func named(_ path: String?, _ variables: [String: String]) throws -> Hostfile? {
        try path.map(read) ?? SlurmHosts.read(variables)
    }

    /// Reads a hostfile as Open MPI does, and the forms `host:slots` and `host[1-3]` besides.
    ///
    /// A host without slots that is named again has one slot more each time; two counts for one host are an error.
    ///
    /// - Parameter name: of the text, for errors.
    /// - Throws: `UsageError` that names the line.
    package init(_ text: String, name: String = "the hostfile") throws(UsageError) {
        hosts = try HostfileReader(name: name).read(text)
    }

    /// Ranks that the hosts take together; `nil` if a line does not say.
    package var slots: Int? { hosts.reduce(0) { sum, host in sum.flatMap { sum in host.slots.map { sum + $0 } } } }

    /// Vision ranks of each of some groups, one a host: as many as have slots beside the decoder ranks, at least one.
    package func visionRanks(beside decoderRanks: Int, groups: Int = 1) -> Int {
        let room = slots.map { $0 / groups - decoderRanks } ?? .max
        return max(1, min(hosts.count / groups, room))
    }

    /// The file without some hosts.
    package func without(_ names: Set<String>) -> Hostfile {
        Hostfile(hosts: hosts.filter { !names.contains($0.name) })
    }

    /// The file as Open MPI reads it.
    package var text: String { hosts.map { $0.text + "\n" }.joined() }
}
