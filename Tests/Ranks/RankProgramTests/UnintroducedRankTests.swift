import Diagnostics
import Testing

@testable import RankProgram

struct UnintroducedRankTests {
    @Test("A rank that srun starts without PMIx says so, and names the option")
    func withoutPMIx() {
        let step = ["SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "1", "SLURM_MPI_TYPE": "none"]
        let error = UnintroducedRankError(step)
        #expect(error?.description.contains("task 1 of 3 without PMIx (SLURM_MPI_TYPE is none)") == true)
        #expect(error?.hint?.contains("srun --mpi=pmix") == true)
        #expect(error?.exitCode == .launchFailed)
    }

    @Test(
        "One that is introduced says nothing",
        arguments: [
            [:], ["SLURM_STEP_NUM_TASKS": "3", "PMIX_RANK": "0"],
            ["SLURM_STEP_NUM_TASKS": "3", "OMPI_COMM_WORLD_SIZE": "3"], ["OMPI_COMM_WORLD_SIZE": "2"],
        ] as [[String: String]]
    )
    func introduced(environment: [String: String]) { #expect(UnintroducedRankError(environment) == nil) }
}
