package import Diagnostics

/// Refuses to be one of several processes that a launcher has started, each of which would start a group of its own.
package enum ParallelStart {
    /// - Parameter command: what was called, as in `serve`.
    /// - Throws: ``UsageError`` if this process is one task of several.
    package static func check(_ command: String, _ environment: [String: String]) throws(UsageError) {
        for launcher in launchers {
            guard let size = environment[launcher.size].flatMap({ Int($0) }), size > 1,
                let rank = environment[launcher.rank]
            else { continue }
            throw UsageError(
                "this is process \(rank) of \(size) that \(launcher.name) has started, and each of them would start "
                    + "a group of its own",
                hint:
                    "call \"flotilla \(command)\" once, without \(launcher.name): it starts the ranks itself; or start "
                    + "only the ranks with \(launcher.name), for \"flotilla serve --attach\""
            )
        }
    }

    /// A batch script of Slurm has `SLURM_PROCID` and `SLURM_NTASKS` too, so that they say nothing: a step alone has
    /// `SLURM_STEP_NUM_TASKS`.
    private static let launchers = [
        (name: "mpirun", rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE"),
        (name: "srun", rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS"),
        (name: "mpiexec", rank: "PMI_RANK", size: "PMI_SIZE"),
    ]
}
