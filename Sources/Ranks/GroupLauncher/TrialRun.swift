internal import Foundation
internal import GroupLink
internal import Synchronization

/// A short run of ranks that talk to nobody in front, to see whether `mpirun` can start them.
package enum TrialRun {
    /// Runs a group to its end, blocking.
    ///
    /// - Parameter limit: after which it is ended.
    /// - Returns: the lines that it printed.
    /// - Throws: ``LaunchError`` with the ranks' own sentence, or else `mpirun`'s.
    package static func run(_ spec: GroupSpec, within limit: Duration) throws -> [String] {
        var spec = spec
        let others = spec.hosts?.hosts.filter { !$0.isThisHost && !ReachableAddress.isHere($0.name) } ?? []
        spec.daemonNetwork = try? Ways(to: others.map(\.name)).network
        let ends = EventQueue<ProcessEnd>()
        let lines = Lines()
        let process = try MpirunProcess.start(
            spec,
            addresses: [],
            secret: try LinkSecret.random(),
            onLine: { lines.append($0) },
            onEnd: { ends.push($0) }
        )
        defer { process.clean() }
        if let end = ends.next(within: limit) {
            guard end == .exited(0) else { throw failure(lines.all, end.description) }
            return lines.all
        }
        for signal in [SIGTERM, SIGKILL] {
            process.signal(signal)
            if ends.next(within: .seconds(3)) != nil { break }
        }
        throw failure(lines.all, "it did not end within \(Int(limit / .seconds(1))) s")
    }

    /// Why a run has failed.
    static func failure(_ lines: [String], _ end: String) -> LaunchError {
        let mark = "flotilla: "
        if let place = lines.firstIndex(where: { $0.hasPrefix(mark) }) {
            let hint = lines.dropFirst(place + 1).first { $0.hasPrefix("  hint: ") }?.dropFirst(8)
            return LaunchError(String(lines[place].dropFirst(mark.count)), hint: hint.map(String.init))
        }
        let diagnosis = MpirunDiagnosis(lines: lines)
        let lost = diagnosis.lostHost.map { "mpirun has lost its daemon on host \($0)" }
        let why = diagnosis.unconnected ?? lost ?? diagnosis.sentence ?? end
        return LaunchError("mpirun could not run a rank on each host: \(why)", hint: StartFailure.networkHint)
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        private static let limit = 10_000
        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { if $0.count < Self.limit { $0.append(line) } } }
    }
}
