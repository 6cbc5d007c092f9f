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
    /// - Parameters:
    ///   - scratch: a directory of this host for shared memory and session files; `nil` is Open MPI's own.
    ///   - sharesMemory: whether messages between the ranks of one host go through shared memory.
    ///   - layout: where each rank runs; `nil` leaves it to mpirun.
    package static func mpirunArguments(
        for spec: GroupSpec,
        scratch: String? = nil,
        sharesMemory: Bool = true,
        layout: PlacementFiles.Layout? = nil
    ) -> [String] {
        var arguments = ["-np", String(spec.worldSize)]
        switch layout {
        case .rankfile(let path): arguments += ["--rankfile", path]
        // Open MPI binds a rank of a small group to one core, and all its threads with it.
        case .sequence: arguments += ["--map-by", "seq", "--bind-to", "none"]
        case nil: arguments += ["--bind-to", "none"]
        }
        if let hostfile = spec.hostfile {
            arguments += ["--hostfile", hostfile]
        } else if isOfOneHost(spec) {
            arguments.append("--oversubscribe")
        }
        for (name, value) in parameters(of: spec, scratch, sharesMemory) + PlacementFiles.parameters(of: spec, layout)
        where !isGiven(name, spec) {
            arguments += ["--mca", name, value]
        }
        for name in exportedNames + spec.exportedEnvironment.keys.sorted() { arguments += ["-x", name] }
        return arguments + spec.extraMpirunArguments + [spec.executable] + spec.rankArguments
    }

    /// How many ranks there are and how they run, whatever they run.
    package static func rankArguments(for spec: GroupSpec) -> [String] {
        var bare = spec
        (bare.executable, bare.rankArguments) = ("", [])
        let arguments = mpirunArguments(for: bare)
        return Array(arguments.prefix { $0 != "-x" })
    }

    /// Open MPI's parameters, as far as the user has not set them.
    private static func parameters(
        of spec: GroupSpec,
        _ scratch: String?,
        _ sharesMemory: Bool
    ) -> [(name: String, value: String)] {
        var list: [(String, String)] = []
        if !isOfOneHost(spec) {
            // With the defaults, a cut cable leaves mpirun waiting for ever.
            list += [
                ("oob_tcp_keepalive_time", "3"), ("oob_tcp_keepalive_intvl", "1"), ("oob_tcp_keepalive_probes", "3"),
            ]
        } else {
            // One host needs no remote shell, and mpirun would refuse to start where none is installed. Nor does it need
            // a network: nobody else shall be able to talk to mpirun or a rank.
            list += [("plm", "isolated"), ("oob_tcp_if_include", "lo"), ("pml", "ob1")]
            list += [("btl", sharesMemory ? "self,vader" : "self,tcp"), ("btl_tcp_if_include", "lo")]
        }
        if let network = spec.daemonNetwork, !isGiven("oob_tcp_if_exclude", spec) {
            list.append(("oob_tcp_if_include", network))
        }
        // A rank that waits gives way to the others; without this, three ranks on two cores are 60 times slower.
        list.append(("mpi_yield_when_idle", "1"))
        // Ranks end by their link; so once mpirun kills, it need not wait a second between SIGTERM and SIGKILL.
        list.append(("odls_base_sigkill_timeout", "0"))
        // Each failure is reported by itself, with its own words.
        list.append(("orte_base_help_aggregate", "0"))
        if let scratch { list += [("orte_tmpdir_base", scratch), ("btl_vader_backing_directory", scratch)] }
        return list
    }

    /// Whether the user has set a parameter, by an argument or a variable: mpirun takes none twice, and theirs counts.
    static func isGiven(_ name: String, _ spec: GroupSpec) -> Bool {
        spec.environment["OMPI_MCA_\(name)"] != nil || spec.extraMpirunArguments.contains(name)
    }

    /// Whether neither a hostfile nor a scheduler can bring other hosts in.
    static func isOfOneHost(_ spec: GroupSpec) -> Bool {
        spec.hostfile == nil && spec.hosts == nil && BatchSystem.found(in: spec.environment) == nil
    }

    /// The environment of `mpirun`.
    static func environment(
        for spec: GroupSpec,
        addresses: [LinkAddress],
        secret: LinkSecret,
        isRoot: Bool = geteuid() == 0
    ) -> [String: String] {
        var variables = spec.environment.merging(spec.exportedEnvironment) { $1 }
        variables[RankEnvironment.linkName] = addresses.map(\.description).joined(separator: ",")
        variables[RankEnvironment.secretName] = secret.hexadecimal
        // Ranks have a pool of their own; BLAS runs single-threaded inside it.
        variables["OPENBLAS_NUM_THREADS"] = "1"
        variables["OMP_NUM_THREADS"] = "1"
        if BatchSystem.found(in: spec.environment) == .slurm {
            // The step of a lost group keeps its processors, on the hosts that are left too, until Slurm has given up the
            // lost host, which takes minutes; the next group's daemons would wait for them.
            variables["SLURM_OVERLAP"] = "1"
        }
        if isRoot {
            variables["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
            variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        }
        return variables
    }
}
