internal import Foundation
package import GroupLauncher

extension Diagnosis {
    /// As a person reads it: a paragraph a host, then the network, then the verdict.
    ///
    /// - Parameter layers: of the decoder; each sums a hidden state twice.
    package func text(model: String, network: NetworkReport?, layers: Int) -> String {
        var lines = ["\(model): \(hosts.count == 1 ? "one host" : "\(hosts.count) hosts") before a launch"]
        for visit in hosts {
            let mine = findings(of: visit.name)
            let word = mine.isEmpty ? "ready" : mine.contains { $0.exitCode != nil } ? "NOT READY" : "ready, but"
            lines.append("\(visit.name): \(word)")
            lines += Self.facts(visit).map { "  \($0)" }
            lines += mine.flatMap(Self.lines)
        }
        if let network { lines += Self.lines(network, layers: layers) }
        let others = findings(of: nil)
        if !others.isEmpty { lines += ["all hosts:"] + others.flatMap(Self.lines) }
        return (lines + ["verdict: \(verdict)"]).joined(separator: "\n")
    }

    private static func lines(_ finding: Finding) -> [String] {
        ["  \(finding.exitCode == nil ? "note" : "fault"): \(finding.text)"]
            + (finding.hint.map { ["    hint: \($0)"] } ?? [])
    }

    /// What is known of a host, without a judgement.
    private static func facts(_ visit: HostVisit) -> [String] {
        guard let report = visit.report else { return [] }
        let memory = report.availableBytes.map { "\(GroupPlanTable.size($0)) to give" } ?? "not known"
        let threads = visit.threads.map { " with \($0) \($0 == 1 ? "thread" : "threads")" } ?? ""
        let ofDraft = GroupPlanTable.size(visit.draftBytes) + " of it for the draft model"
        let all = GroupPlanTable.size(visit.neededBytes + visit.draftBytes)
        let needed = all + (visit.draftBytes > 0 ? " (\(ofDraft))" : "")
        let limits = [
            "open files \(report.openFiles.map(String.init) ?? "unlimited")",
            "locked memory \(report.lockableBytes.map(GroupPlanTable.size) ?? "unlimited")",
            "\(MessageMemory.directory) \(report.sharedMemoryBytes.map { GroupPlanTable.size($0) + " free" } ?? "unlimited")",
        ]
        // An address of one cable alone says nothing to anybody else.
        let addresses = report.interfaces.filter { $0.name == report.interface && !$0.address.contains("%") }
            .map(\.address)
        let way = report.interface.map { "speaks over \($0) (\(addresses.joined(separator: ", ")))" }
        return [
            "flotilla \(report.version), build \(report.build.prefix(12)); Open MPI \(report.mpiVersion ?? "not found"); "
                + "checkpoint \(report.checkpoint ?? "not opened")",
            "\(HostFigures.ranks(visit.ranks))\(threads) on \(report.cores) \(report.cores == 1 ? "core" : "cores"); "
                + "memory: needs \(needed), \(memory)",
            limits.joined(separator: ", ") + (way.map { "; \($0)" } ?? ""),
        ]
    }

    private static func lines(_ network: NetworkReport, layers: Int) -> [String] {
        let width = network.pairs.map { $0.one.count + $0.other.count + 3 }.max() ?? 0
        let pairs = network.pairs.map { pair in
            let name = "\(pair.one) – \(pair.other)"
            return "  \(name)\(String(repeating: " ", count: max(0, width - name.count)))  "
                + "\(HostFigures.time(pair.roundTripMicroseconds)) to and fro, \(HostFigures.rate(pair.megabitsPerSecond))"
        }
        let sums = Double(2 * layers) * network.allReduceMicroseconds
        return ["network:"] + pairs + [
            "  one hidden state (\(network.hiddenSize) numbers) is summed over \(hostCount(network)) hosts in "
                + "\(HostFigures.time(network.allReduceMicroseconds)): \(HostFigures.time(sums)) a token in \(layers) layers"
        ]
    }

    private static func hostCount(_ network: NetworkReport) -> Int {
        Set(network.pairs.flatMap { [$0.one, $0.other] }).count
    }
}
