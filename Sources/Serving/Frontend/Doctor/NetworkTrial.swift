internal import Diagnostics
internal import GroupLauncher

/// Lets hosts measure the network between them, a rank on each.
enum NetworkTrial {
    /// - Throws: `LaunchError` if that did not work.
    static func run(_ group: GroupSpec, _ roll: HostRoll, hiddenSize: Int) throws -> NetworkReport {
        var spec = group
        guard var hosts = try group.namedHosts() else { throw LaunchError("there is no host to run on") }
        for index in hosts.hosts.indices { hosts.hosts[index].slots = 1 }
        (spec.hosts, spec.decoderRanks, spec.threads) = (hosts, hosts.hosts.count, 1)
        return try HostedTrial(spec, roll).run(
            ["doctor-rank", "--hidden-size", "\(hiddenSize)"],
            mark: NetworkReport.mark,
            within: .seconds(40 + 2 * hosts.hosts.count),
            otherwise: "the ranks on the hosts have ended without a word about the network"
        )
    }
}
