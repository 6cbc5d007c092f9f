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
        if let host = spec.linkHost {
            guard ["*", "0.0.0.0", "::"].contains(host) else { return LinkPlace(host: host) }
            // Nobody can dial "everywhere".
            let isHere = MpirunCommand.isOfOneHost(spec)
            return LinkPlace(host: host, advertisedHost: isHere ? ReachableAddress.loopback : Machine.hostName)
        }
        if spec.isOfBatchSystem, BatchSystem.hasOtherHosts(in: spec.environment) {
            // The names of a batch system's hosts are its own, and need not be the resolver's.
            return LinkPlace(host: "*", advertisedHost: Machine.hostName)
        }
        if !spec.isOfBatchSystem, let hosts = try spec.namedHosts() {
            guard !hosts.hosts.isEmpty else {
                throw LaunchError(
                    spec.hostfile.map { "the hostfile \($0) names no host" } ?? "no host is left to run on",
                    hint: "one host a line: node1 slots=2"
                )
            }
            let other = hosts.hosts.first { !$0.isThisHost }
            return LinkPlace(host: try other.map { try ReachableAddress.towards($0.name) } ?? ReachableAddress.loopback)
        }
        return LinkPlace(host: ReachableAddress.loopback)
    }
}
