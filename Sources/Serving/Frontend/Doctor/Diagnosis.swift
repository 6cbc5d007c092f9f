package import Diagnostics
package import GroupLauncher

/// What is to be said about hosts before a launch: a pure value, from what they and the plan say.
///
/// The worst finding is the exit code, in the order in which they are to be mended: 6 (a host that does not answer, or MPI that
/// does not start; nothing else is known of such a host), 3 (builds, checkpoints or Open MPI differ), 5 (memory), else 0.
package struct Diagnosis: Sendable, Equatable {
    package let hosts: [HostVisit]
    package let findings: [Finding]

    /// - Parameters:
    ///   - hosts: in the order of the hostfile.
    ///   - head: the report of the host that would launch, which the others are compared with.
    ///   - refusals: why ranks cannot be placed, or MPI did not start.
    package init(
        _ hosts: [HostVisit],
        head: HostReport,
        refusals: [Finding] = [],
        network: NetworkReport? = nil
    ) {
        self.hosts = hosts
        let refusals = refusals + (head.mpiVersion == nil ? [Self.withoutMpirun] : [])
        var findings = hosts.flatMap { Self.findings($0, head: head) }
        // That a rank fits on no host is only the sum of hosts that are too small.
        let isShort = findings.contains { $0.check == .memory && $0.exitCode != nil }
        findings += refusals.filter { !($0.check == .memory && isShort) }
        let told = findings.filter { $0.check == .clock }.compactMap(\.host)
        findings += network.map { Self.findings($0) + Self.clocks($0, hosts, without: told) } ?? []
        self.findings = findings
    }

    private static let withoutMpirun = Finding(
        .openMPI,
        exitCode: .launchFailed,
        "mpirun is not in PATH",
        hint: "install Open MPI: apt-get install openmpi-bin"
    )

    package var exitCode: ExitCode {
        let codes = findings.compactMap(\.exitCode)
        return [.launchFailed, .ranksDisagree, .outOfMemory].first(where: codes.contains) ?? codes.first ?? .success
    }

    package func findings(of host: String?) -> [Finding] { findings.filter { $0.host == host } }

    /// Hosts with a finding that a launch would end with.
    package var unready: [String] {
        hosts.map(\.name).filter { name in findings.contains { $0.host == name && $0.exitCode != nil } }
    }

    /// One sentence about all of it.
    package var verdict: String {
        if exitCode == .success {
            let count = findings.count
            let notes = count == 0 ? "" : ", with \(count) \(count == 1 ? "remark" : "remarks")"
            let only = hosts.first?.isHere == true ? "this host" : "host \(hosts.first?.name ?? "")"
            return hosts.count == 1 ? "\(only) is ready\(notes)" : "all \(hosts.count) hosts are ready\(notes)"
        }
        let names = unready
        if names.isEmpty { return findings.first { $0.exitCode == exitCode }?.text ?? "a launch would fail" }
        let list = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
        return "\(names.count == 1 ? "host" : "hosts") \(list) \(names.count == 1 ? "is" : "are") not ready"
    }
}

extension Diagnosis {
    /// Seconds by which clocks may differ before logs of two hosts cannot be read side by side.
    static let clockTolerance = 0.1

    /// Clocks that differ from the first host's, which only the network is quick enough to show.
    private static func clocks(_ network: NetworkReport, _ hosts: [HostVisit], without told: [String]) -> [Finding] {
        let pairs = network.pairs.filter { $0.one == hosts.first?.name && !told.contains($0.other) }
        return pairs.compactMap { pair in
            abs(pair.clockOffset) > clockTolerance ? clock(of: pair.other, pair.clockOffset, than: pair.one) : nil
        }
    }

    /// - Parameter seconds: that it is ahead.
    static func clock(of host: String, _ seconds: Double, than other: String) -> Finding {
        Finding(
            .clock,
            host: host,
            "the clock of \(host) is \(HostFigures.time(abs(seconds) * 1e6)) \(seconds > 0 ? "ahead of" : "behind") "
                + "that of \(other)",
            hint: "the logs of hosts will not fit together: set it, best by NTP"
        )
    }

    /// Ways between hosts that are far worse than those between the others.
    private static func findings(_ network: NetworkReport) -> [Finding] {
        guard network.pairs.count > 2 else { return [] }
        let middle = { (values: [Double]) in values.sorted()[values.count / 2] }
        let (rate, trip) = (
            middle(network.pairs.map(\.megabitsPerSecond)), middle(network.pairs.map(\.roundTripMicroseconds))
        )
        return network.pairs.compactMap { pair in
            let isSlow = pair.megabitsPerSecond < rate / 3
            guard isSlow || pair.roundTripMicroseconds > 5 * trip + 1000 else { return nil }
            let figures =
                isSlow
                ? "carries \(HostFigures.rate(pair.megabitsPerSecond)), most carry \(HostFigures.rate(rate))"
                : "takes \(HostFigures.time(pair.roundTripMicroseconds)) to and fro, most take \(HostFigures.time(trip))"
            return Finding(
                .network,
                "the way between \(pair.one) and \(pair.other) \(figures)",
                hint: "every step waits for the slowest way; look at the cables and switches between the two"
            )
        }
    }
}
