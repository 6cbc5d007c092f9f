import Foundation
import GroupLink

/// The command line and the environment of `mpirun` (Open MPI 4.1) for a group.
package enum MpirunCommand {
    /// What a rank needs besides its arguments, exported by name only: values would show in the list of processes.
    static let exportedNames = [
        RankEnvironment.linkName, RankEnvironment.secretName, "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
    ]

    /// The arguments, without `mpirun` itself.
    ///
    /// - Parameter scratch: a directory of this host for shared memory and session files; `nil` is Open MPI's own.
    package static func mpirunArguments(for spec: GroupSpec, scratch: String? = nil) -> [String] {
        var arguments = rankArguments(for: spec)
        if let scratch { arguments += mca("orte_tmpdir_base", scratch) + mca("btl_vader_backing_directory", scratch) }
        for name in exportedNames + spec.exportedEnvironment.keys.sorted() { arguments += ["-x", name] }
        return arguments + spec.extraMpirunArguments + [spec.executable] + spec.rankArguments
    }

    /// How many ranks there are and how they run, whatever they run.
    package static func rankArguments(for spec: GroupSpec) -> [String] {
        var arguments = ["-np", String(spec.worldSize)]
        // Open MPI binds a rank of a small group to one core, and all its threads with it.
        arguments += ["--bind-to", "none"]
        arguments += placement(of: spec)
        // A rank that waits gives way to the others; without this, three ranks on two cores are 60 times slower.
        arguments += mca("mpi_yield_when_idle", 1)
        // Ranks end by their link; so once mpirun kills, it need not wait a second between SIGTERM and SIGKILL.
        arguments += mca("odls_base_sigkill_timeout", 0)
        // Each failure is reported by itself, with its own words.
        arguments += mca("orte_base_help_aggregate", 0)
        return arguments
    }

    private static func placement(of spec: GroupSpec) -> [String] {
        if let hostfile = spec.hostfile {
            // With the defaults, a cut cable leaves mpirun waiting for ever.
            return ["--hostfile", hostfile] + mca("oob_tcp_keepalive_time", 3) + mca("oob_tcp_keepalive_intvl", 1)
                + mca("oob_tcp_keepalive_probes", 3)
        }
        guard isOfOneHost(spec) else { return [] }
        // One host needs no remote shell, and mpirun would refuse to start where none is installed.
        return ["--oversubscribe"] + mca("plm", "isolated")
    }

    /// Whether neither a hostfile nor a scheduler can bring other hosts in.
    static func isOfOneHost(_ spec: GroupSpec) -> Bool {
        spec.hostfile == nil && BatchSystem.found(in: spec.environment) == nil
    }

    private static func mca(_ name: String, _ value: some CustomStringConvertible) -> [String] {
        ["--mca", name, "\(value)"]
    }

    /// The environment of `mpirun`.
    static func environment(
        for spec: GroupSpec,
        address: LinkAddress,
        secret: LinkSecret,
        isRoot: Bool = geteuid() == 0
    ) -> [String: String] {
        var variables = spec.environment.merging(spec.exportedEnvironment) { $1 }
        variables[RankEnvironment.linkName] = "\(address)"
        variables[RankEnvironment.secretName] = secret.hexadecimal
        // Ranks have a pool of their own; BLAS runs single-threaded inside it.
        variables["OPENBLAS_NUM_THREADS"] = "1"
        variables["OMP_NUM_THREADS"] = "1"
        if isRoot {
            variables["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
            variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        }
        return variables
    }
}
