import ArgumentParser
import Diagnostics
import Foundation
import GroupLauncher
import PageFiles
import RankProgram

/// The options that say where ranks run.
struct LaunchOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "A hostfile of Open MPI; by default all ranks run on this host.")
    var hostfile: String?

    @Option(parsing: .unconditional, help: "Further arguments for mpirun, in one word, such as \"--mca btl tcp,self\".")
    var mpirunArgs: String?

    @Flag(help: "Show what mpirun and the ranks print.")
    var verbose = false

    @Flag(help: "Use mpirun also for one decoder and one vision rank, which could share this process.")
    var mpirun = false

    /// The group as the launcher takes it.
    func spec(_ options: RankOptions) throws -> GroupSpec {
        var spec = GroupSpec(
            decoderRanks: options.decoderRanks,
            visionRanks: options.visionRanks,
            executable: try Self.executable(),
            rankArguments: ["rank"] + options.arguments
        )
        spec.limits = try GroupSpec.Limits(spec.environment)
        if options.pageDirectory != nil { spec.limits.finishing += RankOptions.timeToKeepPages }
        if let hostfile {
            try checkHostfile()
            spec.hostfile = hostfile
            spec.hosts = try Hostfile.read(hostfile)
        }
        spec.extraMpirunArguments = mpirunArgs?.split(separator: " ").map(String.init) ?? []
        if verbose { spec.onOutput = { StandardError.say("\($0)\n") } }
        return spec
    }

    /// Refuses a directory for pages in which this host's ranks could not write; other hosts' ranks say so themselves.
    func checkPageDirectory(_ options: RankOptions) throws(UsageError) {
        guard isOfOneHost, let directory = options.pageDirectory else { return }
        try PageDirectory.check(directory)
    }

    /// The hosts that are known by name, of the hostfile or of a job of Slurm; `nil` if there are none.
    func hosts() throws -> Hostfile? {
        try checkHostfile()
        return try Hostfile.named(hostfile, ProcessInfo.processInfo.environment)
    }

    private func checkHostfile() throws(UsageError) {
        guard let hostfile, !FileManager.default.fileExists(atPath: hostfile) else { return }
        throw UsageError("the hostfile \(hostfile) is not there")
    }

    /// Whether nothing on the command line brings other hosts in.
    var isLocal: Bool { hostfile == nil }

    /// Whether all ranks run on this host, so that it must have the memory for all of them.
    var isOfOneHost: Bool { isLocal && !BatchSystem.hasOtherHosts(in: ProcessInfo.processInfo.environment) }

    private static func executable() throws -> String {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            throw LaunchError("the path of this executable is not known: \(error.localizedDescription)")
        }
    }
}
