import Foundation
import GroupLink

/// Where the process in front listens, and what its ranks dial.
struct LinkPlace: Equatable {
    /// What to listen on.
    var host: String
    /// What to dial, where that is not `host`.
    var advertisedHost: String?

    /// Loopback if every rank runs here, else this host's address on the way to the first other host.
    ///
    /// - Throws: ``LaunchError`` if the hostfile cannot be read or names no host, and ``LinkError`` if a name has no
    ///   address.
    static func choose(for spec: GroupSpec) throws -> LinkPlace {
        if let host = spec.linkHost { return LinkPlace(host: host) }
        if let path = spec.hostfile {
            guard let other = try otherHosts(inHostfile: path).first else { return LinkPlace(host: "127.0.0.1") }
            return LinkPlace(host: try ReachableAddress.towards(other))
        }
        if BatchSystem.found(in: spec.environment) != nil, spec.environment["SLURM_NNODES"] != "1" {
            return LinkPlace(host: "0.0.0.0", advertisedHost: Machine.hostName)
        }
        return LinkPlace(host: "127.0.0.1")
    }

    private static func otherHosts(inHostfile path: String) throws -> [String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw LaunchError("the hostfile \(path) cannot be read")
        }
        let hosts = Hostfile(text).hosts
        guard !hosts.isEmpty else {
            throw LaunchError("the hostfile \(path) names no host", hint: "one host a line: node1 slots=2")
        }
        return hosts.filter { !$0.isThisHost }.map(\.name)
    }
}
