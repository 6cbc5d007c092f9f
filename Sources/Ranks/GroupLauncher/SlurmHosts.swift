import Diagnostics

/// The hosts of a Slurm job, from the variables that it gives to a batch script.
enum SlurmHosts {
    /// The hosts; `nil` outside of a job, or where the job does not say.
    ///
    /// - Throws: `UsageError` that names the variable.
    static func read(_ variables: [String: String]) throws(UsageError) -> Hostfile? {
        guard BatchSystem.found(in: variables) == .slurm else { return nil }
        let listName = ["SLURM_JOB_NODELIST", "SLURM_NODELIST"].first { variables[$0] != nil }
        guard let listName, let list = variables[listName] else { return nil }
        var names: [String] = []
        do throws(HostRange.Fault) {
            for entry in HostRange.entries(list) {
                names += try HostRange.expand(entry, limit: HostfileReader.limit - names.count)
            }
        } catch {
            throw UsageError("\(listName): \(error.description)")
        }
        guard names.count <= HostfileReader.limit else {
            throw UsageError("\(listName) names more than \(HostfileReader.limit) hosts")
        }
        if let odd = names.first(where: { !HostName.isValid($0) }) {
            throw UsageError("\(listName): \"\(odd.prefix(80))\" is not the name of a host")
        }
        let slots = try counts("SLURM_TASKS_PER_NODE", variables, hosts: names.count)
        let processors = try counts("SLURM_JOB_CPUS_PER_NODE", variables, hosts: names.count)
        return Hostfile(
            hosts: names.enumerated().map { index, name in
                // A job of one task a node may still run a decoder and a vision rank there, if it has the processors.
                let counts = [slots?[index], processors?[index]].compactMap { $0 }
                var host = Hostfile.Host(name: name, slots: counts.max())
                host.processors = processors?[index]
                return host
            }
        )
    }

    /// A number for each host, as in `2(x3),1`; `nil` where the variable is not there or says less.
    static func counts(_ name: String, _ variables: [String: String], hosts: Int) throws(UsageError) -> [Int]? {
        guard let text = variables[name] else { return nil }
        var numbers: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let match = part.wholeMatch(of: /([0-9]{1,6})(?:\(x([0-9]{1,6})\))?/), let number = Int(match.1),
                let times = match.2.map({ Int($0) }) ?? 1, number >= 1, times <= HostfileReader.limit - numbers.count
            else { throw UsageError("\(name) is \"\(text.prefix(80))\", expected counts such as 2(x3),1") }
            numbers += Array(repeating: number, count: times)
        }
        return numbers.count >= hosts ? numbers : nil
    }
}
