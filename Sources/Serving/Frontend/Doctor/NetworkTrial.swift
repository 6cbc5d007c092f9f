internal import Diagnostics
internal import Foundation
internal import GroupLauncher

/// Lets hosts measure the network between them, a rank on each.
enum NetworkTrial {
    /// - Throws: `LaunchError` if that did not work.
    static func run(_ group: GroupSpec, _ roll: HostRoll, hiddenSize: Int) throws -> NetworkReport {
        var spec = group
        guard var hosts = try group.namedHosts() else { throw LaunchError("there is no host to run on") }
        for index in hosts.hosts.indices { hosts.hosts[index].slots = 1 }
        spec.hosts = hosts
        (spec.decoderRanks, spec.visionRanks) = (hosts.hosts.count, 0)
        (spec.threads, spec.bytesOfRanks) = (1, nil)
        let placement = try Placement.of(spec)
        let names = hosts.hosts.indices.map { placement?.host(of: $0).name ?? hosts.hosts[$0].name }
        spec.rankArguments = [
            "doctor-rank", "--hidden-size", "\(hiddenSize)", "--hosts", names.joined(separator: ","),
            "--peers", names.map { roll.addressOf[$0] ?? "" }.joined(separator: ","), "--front", roll.front,
        ]
        let lines = try TrialRun.run(spec, within: .seconds(40 + 2 * hosts.hosts.count))
        guard let line = lines.last(where: { $0.hasPrefix(NetworkReport.mark) }),
            let report = try? JSONDecoder().decode(
                NetworkReport.self,
                from: Data(line.dropFirst(NetworkReport.mark.count).utf8)
            )
        else { throw LaunchError("the ranks on the hosts have ended without a word about the network") }
        return report
    }
}
