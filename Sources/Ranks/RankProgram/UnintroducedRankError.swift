package import Diagnostics

/// A rank that cannot find the others, because what started it does not introduce them.
package struct UnintroducedRankError: OperatorError, Equatable {
    package let description: String
    package let hint: String?
    package var exitCode: ExitCode { .launchFailed }

    /// `nil` if somebody introduces the ranks to each other, as far as the environment tells.
    ///
    /// Open MPI learns of the others by PMIx, from its own `mpirun` or from `srun --mpi=pmix`. Without, it ends the process in
    /// `MPI_Init`, or makes a world of one of each rank.
    package init?(_ environment: [String: String]) {
        guard environment["SLURM_STEP_NUM_TASKS"] != nil, environment["OMPI_COMM_WORLD_SIZE"] == nil,
            environment["PMIX_RANK"] == nil
        else { return nil }
        let count = environment["SLURM_STEP_NUM_TASKS"] ?? ""
        let rank = environment["SLURM_PROCID"] ?? ""
        let way = environment["SLURM_MPI_TYPE"].map { " (SLURM_MPI_TYPE is \($0))" } ?? ""
        description =
            "srun has started task \(rank) of \(count) without PMIx\(way), so that it finds none of the others"
        hint = "srun --mpi=pmix; \"srun --mpi=list\" tells whether this Slurm has it"
    }
}
