import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation
import Frontend
import GroupLink
import RankProgram

/// `flotilla doctor-host`: what `flotilla doctor` runs on each host over the remote shell.
struct DoctorHostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor-host",
        abstract: "What one host says about itself; started by flotilla doctor, not by hand.",
        shouldDisplay: false
    )

    @Option(help: "The checkpoint's directory.")
    var model: String

    @Option(help: "The addresses of all hosts, with commas.")
    var peers = ""

    func run() throws {
        let report = HostReport.ofThisHost(
            model: URL(fileURLWithPath: model, isDirectory: true),
            peers: peers.split(separator: ",").map(String.init),
            version: Flotilla.configuration.version
        )
        StandardOutput.write(report.line + "\n")
    }
}

/// `flotilla doctor-rank`: what `flotilla doctor` has mpirun start, once on each host.
struct DoctorRankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor-rank",
        abstract: "Measures the network; started by flotilla doctor, not by hand.",
        shouldDisplay: false
    )

    @Option(help: "Floats of a hidden state.")
    var hiddenSize: Int

    @Option(help: "The hosts in the order of the ranks, with commas.")
    var hosts: String

    @Option(help: "Their addresses.")
    var peers: String

    @Option(help: "The address of the host that mpirun runs on.")
    var front: String

    func validate() throws {
        if !(1...1 << 20).contains(hiddenSize) { throw ValidationError("--hidden-size \(hiddenSize) is not usual") }
    }

    func run() throws {
        let addresses = peers.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        _ = RankNetwork.choose(InterfaceChoice(peers: addresses, front: front, own: ""))
        let names = hosts.split(separator: ",").map(String.init)
        try HostTrial(hosts: names, hiddenSize: hiddenSize).run()
    }
}
