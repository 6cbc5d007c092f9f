import Diagnostics
import Testing

@testable import GroupLauncher

struct ParallelStartTests {
    @Test(
        "One of several processes does not start a group",
        arguments: [
            ["SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "1", "SLURM_JOB_ID": "7"],
            ["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0"], ["PMI_SIZE": "4", "PMI_RANK": "3"],
        ]
    )
    func refused(environment: [String: String]) {
        #expect { try ParallelStart.check("serve", environment) } throws: { error in
            guard let error = error as? UsageError else { return false }
            return error.exitCode == .usage && error.description.contains("would start a group of its own")
                && error.hint?.contains("flotilla serve") == true
        }
    }

    @Test(
        "A process alone does, and so does a batch script of a job of several tasks",
        arguments: [
            [:], ["SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "3", "SLURM_NNODES": "3"],
            ["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"],
            ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"],
        ] as [[String: String]]
    )
    func allowed(environment: [String: String]) throws { try ParallelStart.check("serve", environment) }
}
