package import Diagnostics
import Foundation
package import GroupLink

/// Everything that starting a group of ranks depends on.
package struct GroupSpec: Sendable {
    package var decoderRanks: Int
    package var visionRanks: Int
    /// The executable that each rank runs, the same path on every host.
    package var executable: String
    /// What follows the executable, as in `rank --model DIR`; every user of a machine can read it.
    package var rankArguments: [String]
    /// A hostfile of Open MPI (`host slots=n` lines); `nil` starts all ranks on this host, or where a scheduler says.
    package var hostfile: String?
    /// The hosts to run on, instead of the hostfile's: the launcher writes them to a private file for `mpirun`, which is
    /// gone with the group.
    package var hosts: Hostfile?
    /// What is known of the hosts, by name: see ``HostSurvey/facts(of:)``.
    package var facts: [String: HostFacts] = [:]
    /// Threads of each rank, where the operator says.
    package var threads: Int?
    /// Threads of each vision rank, helpers included, where the operator says.
    package var visionThreads: Int?
    /// Whether no host shall have two vision ranks while another can have one.
    package var spreadsVision = false
    /// The bytes of each rank of a group with so many decoder ranks; empty if nobody knows.
    package var bytesOfRanks: (@Sendable (_ decoderRanks: Int) -> [Int])?
    /// Further arguments of `mpirun`; what they say about a parameter counts instead of ours.
    package var extraMpirunArguments: [String] = []
    /// What this process's environment is extended by; each name is exported to every rank.
    package var exportedEnvironment: [String: String] = [:]
    /// This process's own environment, in which `mpirun` is searched and runs.
    package var environment = ProcessInfo.processInfo.environment
    /// The name or address of this host that the ranks dial; `nil` is 127.0.0.1, or the way to the hostfile's hosts.
    package var linkHost: String?
    /// What the ranks prove themselves with; `nil` draws one.
    package var secret: LinkSecret?
    /// The port that the ranks dial; 0 lets the kernel choose.
    package var linkPort: UInt16 = 0
    package var limits = Limits()
    /// The network to which Open MPI's daemons keep; `nil` leaves the choice to them.
    var daemonNetwork: String?
    /// Each line that `mpirun` and the ranks print, on a thread of its own; `nil` keeps them to itself.
    package var onOutput: (@Sendable (String) -> Void)?

    package var worldSize: Int { decoderRanks + visionRanks }

    /// Whether a batch system gives the hosts, and no hostfile does.
    package var isOfBatchSystem: Bool { hostfile == nil && BatchSystem.found(in: environment) != nil }

    /// The hosts that are known by name: those of the hostfile, or of a job of Slurm.
    ///
    /// - Throws: as ``Hostfile/read(_:)``, or `UsageError` that names a variable of Slurm's.
    package func namedHosts() throws -> Hostfile? {
        if let hosts { return hosts }
        return try Hostfile.named(hostfile, environment)
    }

    /// Whether it says itself which hosts to run on.
    var hasHosts: Bool { !isOfBatchSystem && (hostfile != nil || hosts != nil) }

    /// How long the phases of a group's life may take.
    package struct Limits: Sendable {
        /// From the start until every rank has said hello.
        package var forming = Duration.seconds(60)
        /// From the moment at which every rank has come to `MPI_Init` until all have come out of it.
        package var initialising = Duration.seconds(60)
        /// From then on until each rank has heard each other.
        package var handshake = Duration.seconds(30)
        /// Without progress in opening the checkpoint, or in loading.
        package var loading = Duration.seconds(300)
        /// From the moment at which missing hosts answer until a group that has work is started anew with them.
        package var growing = Duration.seconds(60)
        /// From the word to finish until `mpirun` has exited by itself.
        package var finishing = Duration.seconds(5)
        /// From SIGTERM until SIGKILL.
        package var terminating = Duration.seconds(1)
        /// The same where a rank was silent: its host may be gone, and `mpirun` would wait for it in vain.
        package var terminatingSilent = Duration.milliseconds(300)
        /// From the first sign of a loss until what is known of its cause must do.
        package var diagnosing = Duration.milliseconds(1500)
        /// From the end of `mpirun` until a rank's own words, which may still be on their way, are not waited for any more.
        package var lastWords = Duration.milliseconds(100)
        /// A rank that was silent for longer is lost.
        package var silence = Duration.seconds(4)

        package init() {}

        /// Names the limits that are other than usual: `hello=60,mpi=60,handshake=30,load=300,grow=60,silence=4`, in seconds.
        package static let variable = "FLOTILLA_START_LIMITS"

        /// - Throws: `UsageError` if the variable names something else, or no time.
        package init(_ variables: [String: String]) throws(UsageError) {
            for item in variables[Self.variable]?.split(separator: ",") ?? [] {
                let parts = item.split(separator: "=", omittingEmptySubsequences: false)
                guard parts.count == 2, let seconds = Double(parts[1]), seconds > 0, seconds <= 1e6 else {
                    throw Self.unknown(item)
                }
                switch parts[0] {
                case "hello": forming = .seconds(seconds)
                case "mpi": initialising = .seconds(seconds)
                case "handshake": handshake = .seconds(seconds)
                case "load": loading = .seconds(seconds)
                case "grow": growing = .seconds(seconds)
                case "silence": silence = .seconds(seconds)
                default: throw Self.unknown(item)
                }
            }
        }

        private static func unknown(_ item: Substring) -> UsageError {
            let names = "hello=, mpi=, handshake=, load=, grow= or silence=SECONDS"
            return UsageError("\(variable) has \"\(item)\", expected \(names)")
        }
    }

    package init(decoderRanks: Int, visionRanks: Int, executable: String, rankArguments: [String]) {
        self.decoderRanks = decoderRanks
        self.visionRanks = visionRanks
        self.executable = executable
        self.rankArguments = rankArguments
    }
}
