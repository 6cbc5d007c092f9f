/// The batch system that has given this process its hosts, from which `mpirun` takes them by itself.
enum BatchSystem: String, CaseIterable {
    case slurm = "SLURM_JOB_ID"
    case pbs = "PBS_NODEFILE"
    case lsf = "LSB_HOSTS"
    case gridEngine = "PE_HOSTFILE"

    static func found(in environment: [String: String]) -> BatchSystem? {
        allCases.first { environment[$0.rawValue] != nil }
    }

    /// The hosts of Slurm's job, from its list `n[1-3,07],m2`; none where there is no such list.
    static func slurmHosts(_ environment: [String: String]) -> [String] {
        guard let list = environment["SLURM_JOB_NODELIST"] ?? environment["SLURM_NODELIST"] else { return [] }
        var depth = 0
        let items = list.split { character in
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            return character == "," && depth == 0
        }
        return items.flatMap(expanded)
    }

    /// `n[1-3]x` as n1x, n2x, n3x, where numbers keep their leading zeros, and ranges beyond some thousands are left out.
    private static func expanded(_ item: Substring) -> [String] {
        guard let open = item.firstIndex(of: "["), let close = item[open...].firstIndex(of: "]") else {
            return [String(item)]
        }
        let rests = expanded(item[item.index(after: close)...])
        let numbers = item[item.index(after: open)..<close].split(separator: ",").flatMap { range -> [String] in
            let ends = range.split(separator: "-", maxSplits: 1)
            guard let first = ends.first, let last = ends.last, let low = Int(first), let high = Int(last),
                low <= high, high - low < 4096
            else { return [] }
            return (low...high).map { number in
                let digits = String(number)
                return String(repeating: "0", count: max(first.count - digits.count, 0)) + digits
            }
        }
        return numbers.flatMap { number in rests.map { "\(item[..<open])\(number)\($0)" } }
    }
}
