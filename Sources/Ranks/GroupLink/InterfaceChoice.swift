/// The network interfaces over which a rank speaks MPI: those on the way to the hosts of the other ranks.
///
/// Left to itself, Open MPI believes that two hosts can meet on any network that both seem to have, and every host
/// with Docker has 172.17.0.1. A rank knows better, since it has reached the process in front.
package struct InterfaceChoice: Equatable, Sendable {
    /// In the order in which they were found; empty if every rank is on this host, or nothing is known.
    package let names: [String]

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
        let hosts = peers.map { $0 ?? front }.filter { host in
            !host.isEmpty && IPAddress(host)?.isLoopback != true
                && !interfaces.contains { IPAddress($0.address) == IPAddress(host) }
        }
        var names: [String] = []
        for host in hosts {
            guard let local = way(host), let name = Self.name(of: local, interfaces), !names.contains(name) else {
                continue
            }
            names.append(name)
        }
        if names.isEmpty, !hosts.isEmpty, let name = Self.name(of: own, interfaces) { names = [name] }
        self.names = names
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
