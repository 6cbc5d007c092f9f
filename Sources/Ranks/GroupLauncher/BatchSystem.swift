/// The batch system that has given this process its hosts, from which `mpirun` takes them by itself.
package enum BatchSystem: String, CaseIterable {
    case slurm = "SLURM_JOB_ID"
    case pbs = "PBS_NODEFILE"
    case lsf = "LSB_HOSTS"
    case gridEngine = "PE_HOSTFILE"

    static func found(in environment: [String: String]) -> BatchSystem? {
        allCases.first { environment[$0.rawValue] != nil }
    }

    /// Whether ranks may come to run on other hosts than this one.
    package static func hasOtherHosts(in environment: [String: String]) -> Bool {
        found(in: environment) != nil && environment["SLURM_NNODES"] != "1"
    }
}
