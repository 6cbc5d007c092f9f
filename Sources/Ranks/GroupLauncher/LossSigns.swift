import Diagnostics
import GroupLink
internal import Requests

/// What points to the cause of a group's end; it arrives in pieces, and not in order of importance.
struct LossSigns {
    private(set) var builds: BuildsDifferError?
    private(set) var misfit: String?
    /// The first rank that reported that it cannot go on, preferring one that does not only suffer from another's loss.
    private(set) var reported: (rank: Int, failure: RankFailure)?
    private(set) var silent: (rank: Int, duration: Duration)?
    private(set) var closed: (rank: Int, reason: String)?
    private(set) var launcher: ProcessEnd?
    private(set) var formingLimit: Duration?
    /// What was not done in time after the hellos.
    private(set) var start: StartFailure?

    mutating func note(builds difference: BuildsDifferError) { builds = builds ?? difference }
    mutating func note(misfit reason: String) { misfit = misfit ?? reason }

    mutating func note(_ failure: RankFailure, of rank: Int) {
        let isConsequence = failure.exitCode == ExitCode.rankLost.rawValue
        if reported == nil || (reported?.failure.exitCode == ExitCode.rankLost.rawValue && !isConsequence) {
            reported = (rank, failure)
        }
    }

    mutating func note(silence: Duration, of rank: Int) { silent = silent ?? (rank, silence) }
    mutating func note(closed reason: String, of rank: Int) { closed = closed ?? (rank, reason) }
    mutating func note(launcher end: ProcessEnd) { launcher = launcher ?? end }
    mutating func note(formingLimit: Duration) { self.formingLimit = formingLimit }
    mutating func note(start failure: StartFailure) { start = start ?? failure }

    /// Whether there is nothing better to wait for.
    var isDecisive: Bool {
        builds != nil || misfit != nil || formingLimit != nil || start != nil || silent != nil
            || reported.map { $0.failure.exitCode != ExitCode.rankLost.rawValue } ?? false
    }

    /// The error to show: the rank's own words before the launcher's, and the launcher's before the network's.
    ///
    /// - Parameter meeting: the ranks that had not met yet, if the group ended while they did.
    func error(
        members: [Int: RankHello],
        worldSize: Int,
        meeting: StartFailure? = nil,
        lines: [String]
    ) -> any OperatorError {
        if let builds { return builds }
        if let start { return start.error(members) }
        let diagnosis = MpirunDiagnosis(lines: lines)
        if let meeting, let cause = endOfMeeting(diagnosis) {
            // MPI's own words know which pair it was; others may have had no time to meet.
            if let hosts = diagnosis.unconnected { return LaunchError(hosts, hint: StartFailure.networkHint) }
            return meeting.error(members, cause: cause)
        }
        if let reported, let rank = members[reported.rank], isDecisive || diagnosis.firstEnded == nil {
            return RankFailedError(rank: rank, failure: reported.failure)
        }
        if let misfit { return LaunchError(misfit, hint: Self.misfitHint) }
        guard members.count == worldSize else { return launchError(diagnosis, members, worldSize) }
        let loss = lossOfRank(diagnosis)
        return RankLostError(rank: loss.rank.flatMap { members[$0] }, cause: loss.cause)
    }

    /// How MPI gave up while the ranks met; `nil` if the group ended for another reason.
    ///
    /// Where a network says at once that there is no way, Open MPI aborts the rank that has tried.
    private func endOfMeeting(_ diagnosis: MpirunDiagnosis) -> String? {
        guard !isDecisive, launcher != nil || reported != nil else { return nil }
        if let ended = diagnosis.firstEnded, case .signalled = ended.end { return nil }
        if case .signalled = launcher { return nil }
        return diagnosis.sentence ?? reported?.failure.message ?? launcher.map { "mpirun \($0)" }
    }

    private static let misfitHint = "mpirun and flotilla must use the same MPI, and one launch serves one group"

    /// - Parameter missing: the ranks that a group still waits for while others are there.
    private func lossOfRank(_ diagnosis: MpirunDiagnosis, missing: String? = nil) -> (rank: Int?, cause: String) {
        if let ended = diagnosis.firstEnded { return (ended.rank, "\(ended.end)") }
        if let silent { return (silent.rank, "silent for \(Int(silent.duration.seconds)) s") }
        if let host = diagnosis.lostHost { return (nil, "mpirun lost its daemon on host \(host)") }
        let ofLauncher = launcher.map { "mpirun \($0)\(missing.map { " before rank \($0) said hello" } ?? "")" }
        // mpirun passes a rank's signal on as a status, so that a signal of its own is not a rank's.
        if case .signalled = launcher, let ofLauncher { return (nil, ofLauncher) }
        // mpirun does not always name the rank that it gave up for, and ends the others: their links are no cause.
        if missing != nil, let ofLauncher { return (nil, ofLauncher) }
        if let closed { return (closed.rank, "its link broke off (\(closed.reason))") }
        return (nil, ofLauncher ?? "no cause is known")
    }

    private func launchError(_ diagnosis: MpirunDiagnosis, _ members: [Int: RankHello], _ size: Int) -> LaunchError {
        let missing = (0..<size).filter { members[$0] == nil }.map(String.init).joined(separator: ", ")
        let said = diagnosis.sentence
        if let formingLimit {
            return LaunchError(
                "no hello from rank \(missing) of \(size) within \(Int(formingLimit.seconds)) s",
                hint: said ?? "look for a firewall between the hosts, or a host that does not answer"
            )
        }
        let loss = lossOfRank(diagnosis, missing: members.isEmpty ? nil : missing)
        let what = loss.rank.map { "rank \($0): \(loss.cause)" } ?? loss.cause
        return LaunchError("the group ended before it was complete: \(what)\(said.map { ": \($0)" } ?? "")")
    }
}
