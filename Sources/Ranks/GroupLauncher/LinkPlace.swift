import Foundation
import GroupLink

/// Where the process in front listens, and what its ranks dial.
struct LinkPlace: Equatable {
    /// What to listen on.
    var hosts: [String]
    /// What to dial, where that is not `hosts`.
    var advertisedHosts: [String]?
    /// The network in which this host and all others are, for Open MPI's daemons; `nil` where there is not one alone.
    ///
    /// Of several, each daemon would warn of those that are not its own; they try the addresses of this host in turn.
    var network: String?

    /// Loopback if every rank runs here, else this host's addresses on the way to the others.
    ///
    /// - Throws: ``LaunchError`` if the hostfile cannot be read or names no host, and ``LinkError`` if no name has an
    ///   address.
    static func choose(for spec: GroupSpec) throws -> LinkPlace {
        let others = try others(of: spec)
        let ways =
            // Who says where to listen need not have a way.
            spec.linkHost == nil && spec.hasHosts ? try Ways(to: others) : (try? Ways(to: others)) ?? Ways()
        var place = try place(for: spec, ways)
        place.network = ways.network
        return place
    }

    private static func place(for spec: GroupSpec, _ ways: Ways) throws -> LinkPlace {
        let isWide = BatchSystem.hasOtherHosts(in: spec.environment)
        if let host = spec.linkHost {
            if ["*", "0.0.0.0", "::"].contains(host) {
                // Nobody can dial "everywhere".
                let isHere = MpirunCommand.isOfOneHost(spec)
                let advertised = isHere ? [ReachableAddress.loopback] : ways.addresses
                return LinkPlace(hosts: [host], advertisedHosts: advertised.isEmpty ? [Machine.hostName] : advertised)
            }
            // To this machine alone its name may mean a loopback address; others know it by another.
            let isOwnName = !["localhost", "ip6-localhost"].contains(host) && IPAddress(host) == nil
            if isOwnName, ReachableAddress.isLoopback(host) {
                return LinkPlace(hosts: ["*"], advertisedHosts: [host])
            }
            return LinkPlace(hosts: [host])
        }
        if !ways.addresses.isEmpty, ways.isComplete || spec.hasHosts { return LinkPlace(hosts: ways.addresses) }
        guard isWide, !spec.hasHosts else { return LinkPlace(hosts: [ReachableAddress.loopback]) }
        // The names of a batch system's hosts are its own, and need not be the resolver's.
        return LinkPlace(hosts: ["*"], advertisedHosts: [Machine.hostName])
    }

    /// The hosts that ranks may run on, this one left out.
    private static func others(of spec: GroupSpec) throws -> [String] {
        guard let hosts = try spec.namedHosts() else { return [] }
        guard !hosts.hosts.isEmpty else {
            throw LaunchError(
                spec.hostfile.map { "the hostfile \($0) names no host" } ?? "no host is left to run on",
                hint: "one host a line: node1 slots=2"
            )
        }
        return hosts.hosts.filter { !$0.isThisHost }.map(\.name).filter { !ReachableAddress.isHere($0) }
    }
}
