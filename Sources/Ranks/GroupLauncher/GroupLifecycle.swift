import Diagnostics
import GroupLink
internal import Requests

/// A group's life as a pure value: what happened goes in, what to do comes out.
///
/// ```
/// forming ──▶ working ──▶ finishing ──▶ terminating ──▶ killing ──▶ ended
///    └───────────┴──▶ diagnosing ──────────┘ (first sign of a loss)
/// ```
struct GroupLifecycle {
    enum Phase: Comparable {
        case forming, working
        /// Waits for better news of the cause, before killing destroys it.
        case diagnosing
        /// The ranks were told to finish.
        case finishing
        /// `mpirun` was told to end, and ranks on this machine were killed.
        case terminating
        /// `mpirun` was killed.
        case killing
        case ended
    }

    enum Input {
        case joined(RankHello)
        case misfit(String)
        /// A rank has come further in its start.
        case started(rank: Int, StartWatch.News)
        case failed(rank: Int, RankFailure)
        case silent(rank: Int, Duration)
        case closed(rank: Int, LinkEnd)
        case launcherEnded(ProcessEnd)
        /// Requests of the process in front.
        case finish, kill
        /// The phase has lasted as long as it may.
        case deadline
    }

    enum Action: Equatable {
        case announceJoined(RankHello)
        case announceFormed([RankHello])
        case tellShutdown
        /// End the links and the ranks on this machine, and ask `mpirun` to end.
        case terminate
        case killLauncher
        /// Make sure that nothing is left, then announce the end.
        case announceEnd
    }

    let worldSize: Int
    let limits: GroupSpec.Limits
    private(set) var phase = Phase.forming
    /// The phase's own end.
    private var phaseDeadline: Duration?
    /// How far the ranks are; the time counts while working.
    private var start: StartWatch
    private(set) var members: [Int: RankHello] = [:]
    private(set) var signs = LossSigns()
    /// Whether the group ends for a reason of its own, and not by request.
    private(set) var hasFailed = false
    private var launcherEnded: Bool

    /// - Parameter hasLauncher: whether an `mpirun` of ours runs the group, whose end is waited for.
    init(worldSize: Int, limits: GroupSpec.Limits, hasLauncher: Bool = true, now: Duration) {
        launcherEnded = !hasLauncher
        self.worldSize = worldSize
        self.limits = limits
        start = StartWatch(ranks: worldSize, limits: limits, now: now)
        phaseDeadline = now + limits.forming
    }

    /// When `.deadline` is due; `nil` while working, once all ranks are ready.
    var deadline: Duration? { phase == .working ? start.deadline : phaseDeadline }

    var error: ((_ lines: [String]) -> any OperatorError)? {
        guard hasFailed else { return nil }
        let meeting = start.isMeeting ? StartFailure.strangers(start.strangers, limits.handshake) : nil
        return { [signs, members, worldSize] in
            signs.error(members: members, worldSize: worldSize, meeting: meeting, lines: $0)
        }
    }

    mutating func handle(_ input: Input, now: Duration) -> [Action] {
        switch input {
        case .joined(let hello): return join(hello, now)
        case .started(let rank, let news):
            start.note(news, of: rank, now: now)
            return []
        case .finish: return finish(now)
        case .kill: return phase < .terminating ? terminate(now) : []
        case .deadline: return passDeadline(now)
        case .launcherEnded(let end): return endLauncher(end, now)
        case .misfit, .failed, .silent, .closed: return note(input, now)
        }
    }

    private mutating func join(_ hello: RankHello, _ now: Duration) -> [Action] {
        members[hello.rank] = hello
        var actions = [Action.announceJoined(hello)]
        if members.count == worldSize, phase == .forming {
            let all = members.values.sorted { $0.rank < $1.rank }
            if let difference = BuildsDifferError(all) {
                signs.note(builds: difference)
                return actions + diagnose(now)
            }
            phase = .working
            start.begin(now)
            phaseDeadline = nil
            actions.append(.announceFormed(all))
        }
        return actions
    }

    private mutating func finish(_ now: Duration) -> [Action] {
        switch phase {
        // A rank that has not dialled in cannot be told.
        case .forming: return terminate(now)
        case .working:
            phase = .finishing
            phaseDeadline = now + limits.finishing
            return [.tellShutdown]
        default: return []
        }
    }

    /// Takes a sign of a loss in, where a loss is not what was asked for.
    private mutating func note(_ input: Input, _ now: Duration) -> [Action] {
        if phase == .finishing, launcherEnded, case .closed(let rank, _) = input { return leave(rank, now) }
        guard phase < .finishing else { return [] }
        switch input {
        case .misfit(let reason): signs.note(misfit: reason)
        case .failed(let rank, let failure): signs.note(failure, of: rank)
        case .silent(let rank, let duration): signs.note(silence: duration, of: rank)
        case .closed(let rank, .lost(let reason)): signs.note(closed: reason, of: rank)
        case .closed(let rank, .goodbye): signs.note(closed: "it said goodbye unasked", of: rank)
        default: return []
        }
        return diagnose(now)
    }

    /// Without a launcher, the group has finished when the last rank has left.
    private mutating func leave(_ rank: Int, _ now: Duration) -> [Action] {
        members[rank] = nil
        return members.isEmpty ? terminate(now) : []
    }

    private mutating func diagnose(_ now: Duration) -> [Action] {
        hasFailed = true
        if signs.isDecisive { return terminate(now) }
        guard phase != .diagnosing else { return [] }
        phase = .diagnosing
        phaseDeadline = now + limits.diagnosing
        return []
    }

    private mutating func endLauncher(_ end: ProcessEnd, _ now: Duration) -> [Action] {
        launcherEnded = true
        switch phase {
        case .forming, .working:
            signs.note(launcher: end)
            _ = diagnose(now)
            phaseDeadline = now + lastWords
            return []
        case .diagnosing:
            signs.note(launcher: end)
            phaseDeadline = now + lastWords
            return []
        case .finishing: return terminate(now)
        case .terminating, .killing: return conclude()
        case .ended: return []
        }
    }

    /// How long a rank's own words, and what `mpirun` printed, may still be on their way.
    ///
    /// While a group forms nobody waits for its end, so that there is more time for the cause.
    private var lastWords: Duration { members.count == worldSize ? limits.lastWords : limits.lastWords * 5 }

    private mutating func passDeadline(_ now: Duration) -> [Action] {
        switch phase {
        case .forming:
            signs.note(formingLimit: limits.forming)
            return diagnose(now)
        case .diagnosing, .finishing: return terminate(now)
        case .terminating:
            phase = .killing
            phaseDeadline = now + limits.terminating
            return [.killLauncher]
        case .killing: return conclude()
        case .working:
            guard let failure = start.failure(now: now) else { return [] }
            signs.note(start: failure)
            return diagnose(now)
        case .ended: return []
        }
    }

    private mutating func terminate(_ now: Duration) -> [Action] {
        phase = .terminating
        // Of a host that says nothing mpirun cannot end the daemon, and would wait for it.
        phaseDeadline = now + (signs.silent == nil ? limits.terminating : limits.terminatingSilent)
        return [.terminate] + (launcherEnded ? conclude() : [])
    }

    private mutating func conclude() -> [Action] {
        phase = .ended
        phaseDeadline = nil
        return [.announceEnd]
    }
}
