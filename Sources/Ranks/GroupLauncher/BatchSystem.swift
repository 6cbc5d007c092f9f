/// The batch system that has given this process its hosts, from which `mpirun` takes them by itself.
enum BatchSystem: String, CaseIterable {
    case slurm = "SLURM_JOB_ID"
    case pbs = "PBS_NODEFILE"
    case lsf = "LSB_HOSTS"
    case gridEngine = "PE_HOSTFILE"

    static func found(in environment: [String: String]) -> BatchSystem? {
        allCases.first { environment[$0.rawValue] != nil }
    }
}
