internal import Foundation

/// Asks the hosts of a hostfile for a sign of life, with the remote shell that `mpirun` would start its daemons with.
package struct HostSurvey: Sendable {
    let agent: [String]
    /// Slurm's own way to its nodes, where `mpirun` takes it too; a job's nodes need not let ssh in.
    let scheduler: [String]?
    let environment: [String: String]
    /// How long a host may take to answer.
    let patience: Duration

    /// - Parameter spec: of the group whose hosts are asked.
    package init(_ spec: GroupSpec, patience: Duration = .seconds(5)) {
        environment = spec.environment
        self.patience = patience
        scheduler = Self.scheduler(in: spec)
        let wanted = Self.agent(in: spec)
        // A shell that asks for a password, or waits for a dead host as long as TCP does, would say nothing in time.
        agent = wanted.last == "ssh" ? ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=3"] : wanted
    }

    /// Open MPI's `plm_rsh_agent`, from the arguments or the environment; `ssh` if nobody says.
    static func agent(in spec: GroupSpec) -> [String] {
        let arguments = spec.extraMpirunArguments
        let place = arguments.firstIndex(of: "plm_rsh_agent")
        let given = place.flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
        let text = given ?? spec.environment["OMPI_MCA_plm_rsh_agent"] ?? "ssh"
        // Alternatives are separated by colons; the first counts.
        let words = text.split(separator: ":").first?.split(separator: " ").map(String.init) ?? []
        return words.isEmpty ? ["ssh"] : words
    }

    private static func scheduler(in spec: GroupSpec) -> [String]? {
        let usesAnother = MpirunCommand.isGiven("plm", spec) || MpirunCommand.isGiven("plm_rsh_agent", spec)
        guard BatchSystem.found(in: spec.environment) == .slurm, !usesAnother,
            ProgramSearch.find("srun", in: spec.environment) != nil
        else { return nil }
        return ["srun", "--overlap", "--immediate=5", "--quiet", "--nodes=1", "--ntasks=1"]
    }

    /// The hosts that do not answer, in the order of the file; takes no longer than the slowest of them.
    ///
    /// Under Slurm a host is there when a step of the job can run on it.
    ///
    /// - Parameter suspects: hosts with a rank that was lost, which are not waited for much longer than the others took.
    package func missing(in hostfile: Hostfile, hurrying suspects: Set<String> = []) async -> [String] {
        let others = Hostfile(hosts: hostfile.hosts.filter { !$0.isThisHost })
        let answers = await withCheckedContinuation { continuation in
            // To ask blocks, which no thread of Swift's pool may.
            Thread.detachNewThread { continuation.resume(returning: ask(others, "true", hurrying: suspects)) }
        }
        return others.hosts.map(\.name).filter { answers[$0]?.status != 0 }
    }
}
