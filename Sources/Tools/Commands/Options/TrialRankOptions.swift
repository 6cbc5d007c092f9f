import ArgumentParser
import Foundation
import GroupLink
import RankProgram

/// What ranks that measure are told of the hosts they are on: `HostedTrial` adds it where there are several.
struct TrialRankOptions: ParsableArguments {
    @Option(help: "The hosts in the order of the ranks, with commas.")
    var hosts = ""

    @Option(help: "Their addresses.")
    var peers = ""

    @Option(help: "The address of the host that mpirun runs on.")
    var front = ""

    var names: [String] { hosts.split(separator: ",").map(String.init) }

    /// Tells Open MPI which network to take; to be called before MPI is.
    func chooseNetwork() {
        guard !hosts.isEmpty else { return }
        let addresses = peers.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        _ = RankNetwork.choose(InterfaceChoice(peers: addresses, front: front, own: ""))
    }
}
