import ArgumentParser
import Benchmarks
import Diagnostics
import Foundation
import Frontend

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

    @OptionGroup var trial: TrialRankOptions

    func validate() throws {
        if !(1...1 << 20).contains(hiddenSize) { throw ValidationError("--hidden-size \(hiddenSize) is not usual") }
    }

    func run() throws {
        trial.chooseNetwork()
        try HostTrial(hosts: trial.names, hiddenSize: hiddenSize).run()
    }
}
