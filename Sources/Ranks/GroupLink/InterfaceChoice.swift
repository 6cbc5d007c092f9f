/// The network interface over which a rank speaks MPI: the one on the way to the hosts of the other ranks.
///
/// Left to itself, Open MPI believes that two hosts can meet on any network that both seem to have, and every host
/// with Docker has 172.17.0.1. A rank knows better, since it has reached the process in front.
///
/// It is one, also where other hosts are behind different ones: of several, Open MPI 4.1 takes any for a connection, and the
/// other side refuses what comes from an address that it does not expect. Hosts that reach each other over such a head have
/// routes to each other's networks, and by them to this one address.
package struct InterfaceChoice: Equatable, Sendable {
    /// That of the most hosts; `nil` if every rank is on this host, or nothing is known.
    package let name: String?
    /// Whether some of the hosts are behind another interface.
    package let isSplit: Bool

    /// - Parameters:
    ///   - peers: where the ranks dialled from; `nil` is the host of the process in front.
    ///   - front: that host as this rank has reached it.
    ///   - own: this rank's end of its link.
    ///   - way: this host's address on the way to another; `nil` if there is none.
    package init(
        peers: [String?],
        front: String,
        own: String,
        interfaces: [NetworkInterface] = NetworkInterface.ofThisHost,
        way: (String) -> String? = { try? ReachableAddress.towards($0) }
    ) {
        var hosts: [String] = []
        for host in peers.map({ $0 ?? front }) where !host.isEmpty && !hosts.contains(host) {
            let isHere = interfaces.contains { IPAddress($0.address) == IPAddress(host) }
            if !isHere, IPAddress(host)?.isLoopback != true { hosts.append(host) }
        }
        let names = hosts.compactMap { way($0).flatMap { Self.name(of: $0, interfaces) } }
        isSplit = Set(names).count > 1
        let counts = names.map { name in names.count { $0 == name } }
        // The first of those with the most hosts, so that all ranks of a host agree.
        let best = counts.max().flatMap(counts.firstIndex).map { names[$0] }
        name = best ?? (hosts.isEmpty ? nil : Self.name(of: own, interfaces))
    }

    private static func name(of address: String, _ interfaces: [NetworkInterface]) -> String? {
        interfaces.first { !$0.isLoopback && IPAddress($0.address) == IPAddress(address) }?.name
    }

    /// Open MPI's parameter for it.
    package static let parameter = "btl_tcp_if_include"
    private static let alternative = "btl_tcp_if_exclude"

    /// Whether the user has chosen already: in a variable, which is also what `mpirun --mca` becomes, or in a file of
    /// Open MPI's; it takes no two answers.
    ///
    /// - Parameter files: what is in these files.
    package static func isMade(_ variables: [String: String], files: [String]) -> Bool {
        [parameter, alternative].contains { name in
            variables["OMPI_MCA_\(name)"] != nil
                || files.contains { file in
                    file.split(whereSeparator: \.isNewline).contains { line in
                        line.prefix { $0 != "=" }.trimmingWhitespace == name
                    }
                }
        }
    }

    /// The files that Open MPI reads parameters from, of this host and this user.
    package static func parameterFiles(_ variables: [String: String]) -> [String] {
        ["/etc/openmpi", variables["HOME"].map { $0 + "/.openmpi" }].compactMap { $0 }
            .flatMap { ["\($0)/openmpi-mca-params.conf", "\($0)/mca-params.conf"] }
    }
}

extension Substring {
    fileprivate var trimmingWhitespace: Substring {
        let rest = drop(while: \.isWhitespace)
        return rest.prefix(upTo: rest.lastIndex { !$0.isWhitespace }.map { rest.index(after: $0) } ?? rest.startIndex)
    }
}
