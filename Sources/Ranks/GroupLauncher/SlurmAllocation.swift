import Foundation

/// The hosts that Slurm has given this job, as its environment variables tell them.
///
/// `mpirun` reads the same variables by itself; a list of our own is needed once a host has gone, because a job keeps its
/// dead hosts, and `mpirun` waits for daemons on all of them.
enum SlurmAllocation {
    /// The job's hosts with a slot a task, as a hostfile; `nil` outside of a job, or where the variables say nothing sensible.
    static func hosts(in environment: [String: String]) -> Hostfile? {
        guard environment["SLURM_JOB_ID"] != nil,
            let list = environment["SLURM_JOB_NODELIST"] ?? environment["SLURM_NODELIST"],
            let names = names(in: list), !names.isEmpty
        else { return nil }
        let given = (environment["SLURM_TASKS_PER_NODE"]).flatMap(counts)
        let slots = given.flatMap { $0.count == names.count ? $0 : nil }
        let lines = names.enumerated().map { index, name in slots.map { "\(name) slots=\($0[index])" } ?? name }
        return Hostfile(lines.joined(separator: "\n"))
    }

    /// The hosts of `SLURM_JOB_NODELIST`, `node[1-3,05],head`, in its order; `nil` if it cannot be read.
    static func names(in list: String) -> [String]? {
        var names: [String] = []
        for part in outside(of: list) {
            guard let expanded = expand(part) else { return nil }
            names += expanded
            if names.count > mostHosts { return nil }
        }
        return names
    }

    /// The numbers of `SLURM_TASKS_PER_NODE`, `2(x3),1`; `nil` if they cannot be read.
    static func counts(in list: String) -> [Int]? {
        var counts: [Int] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let match = part.wholeMatch(of: /(\d{1,6})(?:\(x(\d{1,6})\))?/), let count = Int(match.1) else {
                return nil
            }
            let times = match.2.flatMap { Int($0) } ?? 1
            guard counts.count + times <= mostHosts else { return nil }
            counts += repeatElement(count, count: times)
        }
        return counts
    }

    /// More than any job has, so that a wrong list takes no memory.
    private static let mostHosts = 65_536

    /// The parts between the commas that stand outside of brackets.
    private static func outside(of list: String) -> [Substring] {
        var depth = 0
        return list.split(omittingEmptySubsequences: false) { character in
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            return character == "," && depth == 0
        }
    }

    /// The names that a part with any number of brackets stands for, the last bracket running fastest.
    private static func expand(_ part: Substring) -> [String]? {
        guard let open = part.firstIndex(of: "[") else {
            return part.isEmpty || part.contains("]") ? nil : [String(part)]
        }
        guard let close = part[open...].firstIndex(of: "]"), let middle = numbers(part[part.index(after: open)..<close])
        else { return nil }
        let rest = part[part.index(after: close)...]
        guard let tails = rest.isEmpty ? [""] : expand(rest), middle.count * tails.count <= mostHosts else {
            return nil
        }
        let head = part[..<open]
        return middle.flatMap { number in tails.map { "\(head)\(number)\($0)" } }
    }

    /// What `1-3,05` stands for; numbers keep their leading zeros.
    private static func numbers(_ text: Substring) -> [String]? {
        var numbers: [String] = []
        for range in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let match = range.wholeMatch(of: /(\d{1,9})(?:-(\d{1,9}))?/), let first = Int(match.1),
                let last = match.2.map({ Int($0) }) ?? first, first <= last, last - first < mostHosts
            else { return nil }
            let width = match.1.count
            numbers += (first...last).map { number in
                let digits = String(number)
                return String(repeating: "0", count: max(0, width - digits.count)) + digits
            }
        }
        return numbers
    }
}

extension GroupSpec {
    /// The hosts that ranks may be started on, as far as they are known by name: the hostfile's, or else the batch system's.
    package var knownHosts: Hostfile? {
        guard let hostfile else { return SlurmAllocation.hosts(in: environment) }
        return (try? String(contentsOfFile: hostfile, encoding: .utf8)).map { Hostfile($0) }
    }
}
